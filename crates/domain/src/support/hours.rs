//! When somebody is there to answer.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{Locale, Timestamp};

/// Most stretches of a week.
const MOST_HOURS: usize = 50;
/// Most characters of an away reply.
const MOST_TEXT: usize = 2_000;
/// Longest wait for a message to be read before it is mailed: a week.
const MOST_MINUTES: u32 = 7 * 24 * 60;

/// How the support desk works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SupportSettings {
    /// Where the hours are told (IANA time zone, `Asia/Riyadh`).
    pub time_zone: String,
    /// When somebody is there; empty: always.
    pub hours: Vec<OpenHours>,
    /// What the shop answers by itself when nobody is there, by language; none: nothing.
    pub away_reply: BTreeMap<Locale, String>,
    /// After so many minutes an answer that was not read goes out by mail; none: never.
    pub mail_after_minutes: Option<u32>,
}

/// A stretch of a day of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    /// ISO 8601 day of the week: 1 is Monday, 7 Sunday.
    pub day: u8,
    /// From when on: `09:00`.
    pub from: String,
    /// Until when: `17:00`; `24:00` is the end of the day.
    pub to: String,
}

impl Default for SupportSettings {
    fn default() -> Self {
        Self {
            time_zone: "UTC".to_owned(),
            hours: Vec::new(),
            away_reply: BTreeMap::new(),
            mail_after_minutes: Some(15),
        }
    }
}

/// Whether a text is a time of the day, `00:00` to `24:00`.
#[must_use]
pub fn is_time(text: &str) -> bool {
    minute_of(text).is_some()
}

fn minute_of(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let of_day = hour * 60 + minute;
    (minute < 60 && of_day <= 24 * 60).then_some(of_day)
}

impl SupportSettings {
    /// Whether somebody is there.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        if self.hours.is_empty() {
            return true;
        }
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let local = now.to_zoned(zone);
        let day = local.weekday().to_monday_one_offset();
        let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
        self.hours.iter().any(|open| {
            let (Some(from), Some(to)) = (minute_of(&open.from), minute_of(&open.to)) else {
                return false;
            };
            i64::from(open.day) == i64::from(day)
                && (i32::from(from)..i32::from(to)).contains(&minute)
        })
    }

    /// What the shop answers by itself in a language (or in any that it has), if nobody is there.
    #[must_use]
    pub fn away_reply_in(&self, locale: Locale, now: Timestamp) -> Option<&str> {
        if self.is_open(now) {
            return None;
        }
        let said = self
            .away_reply
            .get(&locale)
            .or_else(|| self.away_reply.values().next());
        said.map(String::as_str)
            .filter(|text| !text.trim().is_empty())
    }

    /// What is wrong with these settings, as (path, reason).
    #[must_use]
    pub fn faults(&self) -> Vec<(&'static str, &'static str)> {
        let mut faults = Vec::new();
        if TimeZone::get(&self.time_zone).is_err() {
            faults.push((
                "support.timeZone",
                "must be a time zone such as Asia/Riyadh",
            ));
        }
        let is_stretch = |open: &OpenHours| {
            (1..=7).contains(&open.day)
                && minute_of(&open.from) < minute_of(&open.to)
                && is_time(&open.from)
        };
        if self.hours.len() > MOST_HOURS || !self.hours.iter().all(is_stretch) {
            faults.push((
                "support.hours",
                "must be at most 50 stretches of a day 1 to 7, from 00:00 to 24:00",
            ));
        }
        if self
            .away_reply
            .values()
            .any(|text| text.chars().count() > MOST_TEXT)
        {
            faults.push(("support.awayReply", "must be at most 2000 characters"));
        }
        if self
            .mail_after_minutes
            .is_some_and(|minutes| !(1..=MOST_MINUTES).contains(&minutes))
        {
            faults.push(("support.mailAfterMinutes", "must be 1 to 10080"));
        }
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(day: u8, from: &str, to: &str) -> OpenHours {
        OpenHours {
            day,
            from: from.into(),
            to: to.into(),
        }
    }

    #[test]
    fn hours_are_told_in_the_shops_time_zone() {
        let mut desk = SupportSettings {
            time_zone: "Asia/Riyadh".into(),
            hours: vec![open(7, "09:00", "17:00"), open(1, "22:00", "24:00")],
            away_reply: BTreeMap::from([(Locale::En, "Back at nine.".into())]),
            mail_after_minutes: None,
        };
        assert_eq!(desk.faults(), []);
        // 2026-11-22 is a Sunday; Riyadh is three hours ahead of UTC.
        let at = |text: &str| text.parse::<Timestamp>().expect("a time");
        assert!(desk.is_open(at("2026-11-22T06:00:00Z")));
        assert!(!desk.is_open(at("2026-11-22T05:59:59Z")));
        assert!(!desk.is_open(at("2026-11-22T14:00:00Z")));
        assert!(desk.is_open(at("2026-11-23T20:59:59Z")));
        assert!(!desk.is_open(at("2026-11-23T21:00:00Z")));
        assert_eq!(
            desk.away_reply_in(Locale::Ar, at("2026-11-22T14:00:00Z")),
            Some("Back at nine.")
        );
        assert_eq!(
            desk.away_reply_in(Locale::En, at("2026-11-22T06:00:00Z")),
            None
        );
        desk.hours.clear();
        assert!(desk.is_open(at("2026-11-22T03:00:00Z")), "no hours: always");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for (hours, good) in [
            (open(1, "00:00", "24:00"), true),
            (open(0, "09:00", "10:00"), false),
            (open(8, "09:00", "10:00"), false),
            (open(1, "10:00", "09:00"), false),
            (open(1, "9:00", "10:00"), false),
            (open(1, "09:60", "10:00"), false),
            (open(1, "09:00", "24:01"), false),
            (open(1, "", "10:00"), false),
            (open(1, "٠٩:00", "10:00"), false),
        ] {
            let desk = SupportSettings {
                hours: vec![hours.clone()],
                ..SupportSettings::default()
            };
            assert_eq!(desk.faults().is_empty(), good, "{hours:?}");
        }
        let desk = SupportSettings {
            time_zone: "Mars/Olympus".into(),
            mail_after_minutes: Some(0),
            ..SupportSettings::default()
        };
        assert_eq!(desk.faults().len(), 2);
    }
}
