//! The whole service, tested as its users meet it: through HTTP and the object store, on the embedded servers.

mod application;
mod broken_files;
mod faults;
mod isolation;
mod mending;
mod presigned;
mod redelivery;
mod samples;
mod stage;
mod upload;
mod world;
