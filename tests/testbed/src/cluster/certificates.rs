//! The keys of one cluster: its authority, the API server's certificate, the signer of ServiceAccount tokens, and the
//! administrator's token. Made once a folder and kept there, so that a restarted cluster is the same cluster.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rand::RngExt;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

#[derive(Clone, Debug)]
pub struct Certificates {
    folder: PathBuf,
}

/// A client certificate with its key, both PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    pub certificate: String,
    pub key: String,
}

impl Certificates {
    /// Those in the folder, made now if there are none.
    pub fn in_folder(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        let certificates = Self { folder: folder.to_owned() };
        // The token is written last: where it is, everything is.
        if !certificates.path("admin.token").exists() {
            certificates.make()?;
        }
        Ok(certificates)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    pub fn ca_pem(&self) -> Result<String> {
        self.read("ca.crt")
    }

    pub fn admin_token(&self) -> Result<String> {
        self.read("admin.token")
    }

    /// A client certificate: Kubernetes takes its common name as the user and its organisations as the groups.
    pub fn identity(&self, user: &str, groups: &[&str]) -> Result<Identity> {
        let authority = Issuer::new(authority(), KeyPair::from_pem(&self.read("ca.key")?)?);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, user);
        for group in groups {
            params.distinguished_name.push(DnType::OrganizationName, *group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        Ok(Identity { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    fn make(&self) -> Result<()> {
        let key = KeyPair::generate()?;
        let params = authority();
        self.write("ca.crt", &params.self_signed(&key)?.pem())?;
        self.write("ca.key", &key.serialize_pem())?;
        let authority = Issuer::new(params, key);

        let names =
            ["127.0.0.1", "::1", "localhost", "kubernetes", "kubernetes.default.svc"].map(str::to_owned);
        let mut server = CertificateParams::new(names)?;
        server.distinguished_name.push(DnType::CommonName, "kube-apiserver");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        self.write("server.crt", &server.signed_by(&key, &authority)?.pem())?;
        self.write("server.key", &key.serialize_pem())?;

        let signer = KeyPair::generate()?;
        self.write("sa.key", &signer.serialize_pem())?;
        self.write("sa.pub", &signer.public_key_pem())?;

        let token = hex::encode(rand::rng().random::<[u8; 16]>());
        self.write("tokens.csv", &format!("{token},testbed-admin,testbed-admin,\"system:masters\"\n"))?;
        self.write("admin.token", &token)
    }

    fn read(&self, name: &str) -> Result<String> {
        let path = self.path(name);
        fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        use std::io::Write;
        let path = self.path(name);
        let mut file =
            fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(text.as_bytes()).with_context(|| format!("write {}", path.display()))
    }
}

/// What the authority's certificate says of itself; its key makes it one cluster's.
fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "argosy testbed");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages =
        vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params
}
