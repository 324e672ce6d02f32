//! 申请账号: an application from the first code by SMS to the approved account, and every later change (manual 3.1).
//!
//! ```text
//!                     save profile, scans (anew after any change)
//!                            ┌────────┐
//!                            ▼        │
//!  identity checked ──▶  Editing ─────┘◀────────────── 修改 ──────────────┐
//!                            │                                           │
//!                            │ submit: profile complete, three scans     │
//!                            ▼ passed for this form version              │
//!                         Waiting ──────── 修改 (leaves the queue) ──────┤
//!                          │    │                                        │
//!                  approve │    │ reject, with a reason                  │
//!                          ▼    └──────────▶ Rejected ───────────────────┤
//!                       Approved ──────────────────── 变更资料 ──────────┘
//! ```
//!
//! What was approved stays in force ([`Application::approved`]) through a change of it, until the change is approved.
//! Every action names the version it was made on, so of two at once one wins and the other is told.

mod action;
mod profile;
mod scan;
mod session;
mod state;

pub use action::{Refusal, Reviewer};
pub use profile::{DataManager, GRADES, Profile, ProfileDefect, ProfileDraft};
pub use scan::{Scan, ScanSlot, ScanState};
pub use session::ApplicantSession;
pub use state::{Application, Approved, Claim, Rejection, Stage};
