#![doc = include_str!("../README.md")]

mod webdriver;
mod window;

pub use webdriver::{By, Element, Refused, Session};
pub use window::{Trouble, Window};
