//! Files to download, in a bucket of Amazon S3.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use url::Url;

use crate::adapters::aws::error::unavailable;
use crate::domain::secret;
use crate::ports::{DOWNLOAD_TIME, Download, Downloads, Unavailable};

const STORING: &str = "storing a file";

/// A bucket for files to download. The bucket deletes them after a day.
pub struct S3Downloads {
    client: Client,
    bucket: String,
}

impl S3Downloads {
    pub fn new(config: &SdkConfig, bucket: String) -> Self {
        Self { client: client(config), bucket }
    }
}

/// A client for S3. An endpoint other than AWS's own has no host name for each bucket.
pub fn client(config: &SdkConfig) -> Client {
    let is_emulator = config.endpoint_url().is_some();
    Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(is_emulator).build())
}

#[async_trait]
impl Downloads for S3Downloads {
    async fn store(&self, download: Download) -> Result<Url, Unavailable> {
        let Download { name, content_type, content } = download;
        // Random, so that nobody can guess the address of a file.
        let key = format!("{}/{name}", secret::generate());
        let put = self.client.put_object().bucket(&self.bucket).key(&key).content_type(content_type);
        let put = put.content_disposition(format!("attachment; filename=\"{name}\"")).body(ByteStream::from(content));
        put.send().await.map_err(|error| unavailable(STORING, &error))?;
        let expiry = PresigningConfig::expires_in(DOWNLOAD_TIME).expect("the time is less than a week");
        let signed = self.client.get_object().bucket(&self.bucket).key(&key).presigned(expiry).await;
        let signed = signed.map_err(|error| unavailable(STORING, &error))?;
        Url::parse(signed.uri()).map_err(|error| Unavailable { doing: STORING, cause: error.to_string() })
    }
}
