//! Who may ask: said by the type of a handler, proven before it is called.

use std::future::Future;

use crate::access::{Access, Admitted, Caller};
use crate::app::{Auditor, Deployer, Maker, Operator, Owner, Reference, Syncer, Viewer};
use crate::http::front::Front;
use crate::http::problem::Problem;

/// What a handler needs of its caller.
pub(crate) trait Needs: Sized + Send + 'static {
    const WHO: Who;

    /// The proof, or why there is none.
    fn admit(
        front: &Front,
        caller: Caller,
        path: &[(String, String)],
    ) -> impl Future<Output = Result<Self, Problem>> + Send;

    /// How many requests a minute the tenant lets each of its principals make.
    fn request_rate(&self) -> Option<(String, u32)> {
        None
    }
}

/// Who may ask, for the reference and the access matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// Whoever has proven who they are.
    Signed,
    /// Members of the tenant of the path.
    Viewer,
    /// Those who may run again what is wished.
    Syncer,
    /// Those who may change what is wished.
    Deployer,
    /// Those who may change the tenant.
    Owner,
    /// Auditors of the platform, and operators.
    Auditor,
    /// Operators of the platform.
    Operator,
    /// Whom operators allow to make tenants, and operators.
    Founder,
}

impl Who {
    /// As problems and the reference name it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Signed => "anyone",
            Self::Viewer => "viewer",
            Self::Syncer => "syncer",
            Self::Deployer => "deployer",
            Self::Owner => "owner",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
            Self::Founder => "founder",
        }
    }
}

/// Whoever has proven who they are.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Caller);

impl Needs for Signed {
    const WHO: Who = Who::Signed;

    async fn admit(_: &Front, caller: Caller, _: &[(String, String)]) -> Result<Self, Problem> {
        Ok(Self(caller))
    }
}

/// A member of the tenant of the path, in this role or a higher one.
#[derive(Debug)]
pub(crate) struct In<R> {
    pub(crate) access: Access<R>,
    pub(crate) admitted: Admitted,
}

/// A role in a tenant.
pub(crate) trait TenantRole: Sized + Send + Sync + 'static {
    const WHO: Who;

    fn proof(admitted: &Admitted) -> Option<Access<Self>>;
}

impl TenantRole for Viewer {
    const WHO: Who = Who::Viewer;

    fn proof(admitted: &Admitted) -> Option<Access<Self>> {
        Some(admitted.viewer())
    }
}

impl TenantRole for Syncer {
    const WHO: Who = Who::Syncer;

    fn proof(admitted: &Admitted) -> Option<Access<Self>> {
        admitted.syncer()
    }
}

impl TenantRole for Deployer {
    const WHO: Who = Who::Deployer;

    fn proof(admitted: &Admitted) -> Option<Access<Self>> {
        admitted.deployer()
    }
}

impl TenantRole for Owner {
    const WHO: Who = Who::Owner;

    fn proof(admitted: &Admitted) -> Option<Access<Self>> {
        admitted.owner()
    }
}

impl<R: TenantRole> Needs for In<R> {
    const WHO: Who = R::WHO;

    async fn admit(front: &Front, caller: Caller, path: &[(String, String)]) -> Result<Self, Problem> {
        let said = path.iter().find(|(name, _)| name == "tenant").map_or("", |(_, value)| value);
        // What cannot be a name is nobody's: the same answer as for a foreign tenant.
        let tenant = Reference::parse(said).map_err(|_| Problem::absent("tenant"))?;
        let admitted = front.app().admit(&caller, &tenant).await?;
        let admitted = admitted.ok_or_else(|| Problem::absent("tenant"))?;
        let access = R::proof(&admitted).ok_or_else(|| Problem::forbidden(R::WHO.name()))?;
        Ok(Self { access, admitted })
    }

    fn request_rate(&self) -> Option<(String, u32)> {
        Some((self.admitted.tenant().to_string(), self.admitted.request_rate()))
    }
}

/// Somebody of the platform.
#[derive(Debug)]
pub(crate) struct OnPlatform<R> {
    pub(crate) access: Access<R>,
}

/// A role on the platform.
pub(crate) trait PlatformRole: Sized + Send + Sync + 'static {
    const WHO: Who;

    fn proof(
        front: &Front,
        caller: &Caller,
    ) -> impl Future<Output = Result<Option<Access<Self>>, Problem>> + Send;
}

impl PlatformRole for Auditor {
    const WHO: Who = Who::Auditor;

    async fn proof(front: &Front, caller: &Caller) -> Result<Option<Access<Self>>, Problem> {
        Ok(front.app().admit_auditor(caller).await?)
    }
}

impl PlatformRole for Operator {
    const WHO: Who = Who::Operator;

    async fn proof(front: &Front, caller: &Caller) -> Result<Option<Access<Self>>, Problem> {
        Ok(front.app().admit_operator(caller).await?)
    }
}

impl<R: PlatformRole> Needs for OnPlatform<R> {
    const WHO: Who = R::WHO;

    async fn admit(front: &Front, caller: Caller, _: &[(String, String)]) -> Result<Self, Problem> {
        let access = R::proof(front, &caller).await?.ok_or_else(|| Problem::forbidden(R::WHO.name()))?;
        Ok(Self { access })
    }
}

/// Whoever may make tenants.
#[derive(Debug)]
pub(crate) struct Founding {
    pub(crate) caller: Caller,
    pub(crate) maker: Maker,
}

impl Needs for Founding {
    const WHO: Who = Who::Founder;

    async fn admit(front: &Front, caller: Caller, _: &[(String, String)]) -> Result<Self, Problem> {
        let maker = front.app().admit_maker(&caller).await?;
        let maker = maker.ok_or_else(|| Problem::forbidden(Self::WHO.name()))?;
        Ok(Self { caller, maker })
    }
}
