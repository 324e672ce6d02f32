use std::collections::BTreeMap;

use domain::Upload;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::PresignedPut;
use utoipa::ToSchema;

/// A ticket: where and how the object is to be put.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Names the upload from now on.
    pub upload_id: String,
    /// To be sent a PUT with the file as its body.
    pub url: String,
    /// Must be sent along exactly so; each is part of the signature.
    pub headers: BTreeMap<String, String>,
    /// When the address runs out.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

impl Ticket {
    /// The ticket of an upload with the address signed for it.
    pub fn new(upload: &Upload, address: PresignedPut) -> Self {
        Self {
            upload_id: upload.id.to_string(),
            url: address.url,
            headers: address.headers.into_iter().collect(),
            expires_at: upload.url_until,
        }
    }
}
