//! What users say, and what it means.

mod canary;
mod deployment;
mod environment;
mod kubeconfig;
mod pem;
mod repository_credential;
mod repository_url;
mod source;
mod sync_run;
mod terms;
