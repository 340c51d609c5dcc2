//! Numbers made of many measurements. Medians, since one disturbed round must not move a result.

use std::time::Duration;

use hdrhistogram::Histogram;

/// The middle of some measurements; NaN of none.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// The lowest and the highest of some measurements; NaN of none.
pub fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    values
        .into_iter()
        .fold((f64::NAN, f64::NAN), |(low, high), value| {
            (low.min(value), high.max(value))
        })
}

/// What each of `above` is to the one of `below` that was measured beside it.
pub fn paired(above: &[f64], below: &[f64]) -> Vec<f64> {
    above
        .iter()
        .zip(below)
        .map(|(above, below)| above / below)
        .collect()
}

/// So many in so much time, for each second.
pub fn per_second(count: u64, time: Duration) -> f64 {
    as_f64(count) / time.as_secs_f64().max(1e-9)
}

/// The nearest number that has a fraction; counts of a bench are far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub fn as_f64(count: u64) -> f64 {
    count as f64
}

/// How long things took, each to three significant digits, from a microsecond to ten minutes.
#[derive(Debug, Clone)]
pub struct Latencies(Histogram<u64>);

impl Latencies {
    const MOST: u64 = 600_000_000;

    /// Of nothing yet.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self(Histogram::new_with_bounds(1, Self::MOST, 3)?))
    }

    /// Adds one; what took longer than ten minutes counts as ten minutes.
    pub fn record(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.saturating_record(micros.clamp(1, Self::MOST));
    }

    /// Adds all of another's.
    pub fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        Ok(self.0.add(&other.0)?)
    }

    /// Milliseconds within which this part of them was done, 0 to 1.
    pub fn millis_at(&self, part: f64) -> f64 {
        as_f64(self.0.value_at_quantile(part)) / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranges() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median([4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        assert!(median([]).is_nan());
        assert_eq!(range([2.0, 1.0, 3.0]), (1.0, 3.0));
        assert_eq!(paired(&[6.0, 9.0], &[2.0, 3.0]), vec![3.0, 3.0]);
    }

    #[test]
    fn latencies_are_read_at_their_parts() {
        let mut all = Latencies::new().unwrap();
        let mut other = Latencies::new().unwrap();
        for millis in 1..=99 {
            all.record(Duration::from_millis(millis));
        }
        other.record(Duration::from_secs(10_000));
        all.add(&other).unwrap();
        assert!(
            (all.millis_at(0.5) - 50.0).abs() < 0.2,
            "{}",
            all.millis_at(0.5)
        );
        assert!(
            (all.millis_at(0.99) - 99.0).abs() < 0.2,
            "{}",
            all.millis_at(0.99)
        );
        assert!(
            all.millis_at(1.0) > 599_000.0,
            "past the bound it counts as the bound"
        );
    }
}
