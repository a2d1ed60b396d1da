//! The storage backends under attack. The server is the same, except for its storage.

use crate::http::support::{Running, serve};

pub fn sqlite() -> Running {
    serve()
}

#[cfg(feature = "aws")]
pub use self::on_aws::aws;

#[cfg(feature = "aws")]
mod on_aws {
    use std::ops::Deref;

    use tempfile::TempDir;
    use url::Url;

    use crate::http::support::{Endpoint, KEY};
    use crate::support::cloud::Cloud;
    use crate::support::program::Program;

    /// The program on DynamoDB and SQS.
    pub struct OnAws {
        endpoint: Endpoint,
        _program: Program,
        _data: TempDir,
    }

    impl Deref for OnAws {
        type Target = Endpoint;

        fn deref(&self) -> &Self::Target {
            &self.endpoint
        }
    }

    pub fn aws() -> OnAws {
        let cloud = Cloud::new();
        let made = cloud.ensure_table(&[]);
        assert!(made.status.success(), "{made:?}");
        let data = tempfile::tempdir().unwrap();
        let program = Program::start(cloud.serve(data.path(), KEY));
        let address = Url::parse(&program.url).unwrap().socket_addrs(|| None).unwrap()[0];
        OnAws { endpoint: Endpoint::new(address), _program: program, _data: data }
    }
}
