//! Findings as people and programs take them away: the hospital's own rows as CSV and XLSX, a list, JSON, and pages for the table.

pub mod pages;
