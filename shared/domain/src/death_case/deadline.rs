use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// 流感相关死亡病例归档完成后一周内 (manual 3.7): the last day on which a case is in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Deadline(Date);

/// Days between archiving and the last day in time.
const WEEK: i64 = 7;

impl Deadline {
    /// Of a case that was archived on a day.
    pub fn of(archived_on: Date) -> Self {
        Self(archived_on.saturating_add(WEEK.days()))
    }

    /// The last day in time.
    pub fn day(self) -> Date {
        self.0
    }

    /// Days that are left on a day; none on the last one, less than none once it is over.
    pub fn days_left(self, today: Date) -> i32 {
        today.until(self.0).map_or(i32::MIN, |span| span.get_days())
    }

    /// Whether it is over on a day.
    pub fn is_over(self, today: Date) -> bool {
        today > self.0
    }

    /// The last reminder whose day has come; `None` while it is more than two days off.
    pub fn step(self, today: Date) -> Option<Step> {
        match self.days_left(today) {
            3.. => None,
            2 => Some(Step(-2)),
            0..=1 => Some(Step(-1)),
            left => {
                let late = left.saturating_neg();
                Some(Step(1 + (late - 1) / 7 * 7))
            }
        }
    }
}

/// One reminder: the day it belongs to, counted from the last day in time. Two days and one day before, one day after,
/// then every week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Step(i32);

impl Step {
    /// Days after the last day in time; before it where less than none.
    pub fn days(self) -> i32 {
        self.0
    }
}

/// The last reminder that went out for a case, and for which deadline: another one is reminded of anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminded {
    /// The deadline it spoke of.
    pub deadline: Deadline,
    /// Which reminder it was.
    pub step: Step,
}

impl Reminded {
    /// What is to be sent on a day, unless it was.
    pub fn next(before: Option<Self>, deadline: Deadline, today: Date) -> Option<Self> {
        let next = Self {
            deadline,
            step: deadline.step(today)?,
        };
        let sent = before
            .is_some_and(|before| before.deadline == next.deadline && before.step >= next.step);
        (!sent).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_week_after_archiving_is_the_last_day_in_time() {
        let deadline = Deadline::of(date(2019, 12, 28));
        assert_eq!(deadline.day(), date(2020, 1, 4));
        assert_eq!(deadline.days_left(date(2019, 12, 28)), 7);
        assert_eq!(deadline.days_left(date(2020, 1, 4)), 0);
        assert!(!deadline.is_over(date(2020, 1, 4)));
        assert!(deadline.is_over(date(2020, 1, 5)));
        assert_eq!(deadline.days_left(date(2020, 2, 5)), -32);
    }

    #[test]
    fn two_days_and_one_day_before_one_day_after_and_then_weekly() {
        let deadline = Deadline::of(date(2020, 1, 1));
        let mut sent = None;
        let mut days = Vec::new();
        for today in date(2020, 1, 1).series(1.day()).take(40) {
            if let Some(next) = Reminded::next(sent, deadline, today) {
                assert_eq!(next.step.days(), -deadline.days_left(today));
                days.push(next.step.days());
                sent = Some(next);
            }
            assert_eq!(
                Reminded::next(sent, deadline, today),
                None,
                "twice on {today}"
            );
        }
        assert_eq!(days, [-2, -1, 1, 8, 15, 22, 29]);
    }

    #[test]
    fn a_day_without_a_run_is_made_up_for_and_nothing_is_sent_twice_for_it() {
        let deadline = Deadline::of(date(2020, 1, 1));
        let on_the_last_day = Reminded::next(None, deadline, date(2020, 1, 8)).unwrap();
        assert_eq!(on_the_last_day.step, Step(-1));
        let late = Reminded::next(Some(on_the_last_day), deadline, date(2020, 1, 12)).unwrap();
        assert_eq!(late.step, Step(1));
        assert_eq!(
            Reminded::next(Some(late), deadline, date(2020, 1, 15)),
            None
        );
        let moved = Deadline::of(date(2020, 1, 20));
        assert!(Reminded::next(Some(late), moved, date(2020, 1, 26)).is_some());
    }
}
