use jiff::ToSpan;
use jiff::civil::Date;

/// Days after the day of a record within which it is reported in time. Visits, drugs and tests are in the hospital's systems on the
/// evening of the day; what belongs to a stay is coded and archived within a week after discharge.
pub fn days_allowed(kind: &str) -> i32 {
    match kind {
        "hqms" | "hda" | "hdr" => 7,
        _ => 1,
    }
}

/// The last day on which records of a day are received in time.
pub fn last_day_in_time(kind: &str, day: Date) -> Date {
    day.saturating_add(days_allowed(kind).days())
}
