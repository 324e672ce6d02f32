//! Judging, over the real clients and the embedded servers: whatever breaks on the way, the end is that of a clean run.

mod converges;
mod faults;
mod once;
mod world;
