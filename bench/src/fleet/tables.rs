//! The tables of the results.

use super::FleetResult;
use super::orders::{Series, Side};
use super::shop::Who;
use super::writers::WRITERS;
use crate::shop::Demand;
use crate::stats::{as_f64, median, paired};
use crate::table::{Table, middle_fine, middle_tenth, middle_whole, whole};

/// The side of the peer whose reads are measured.
pub const PEER: usize = 2;
/// What is read.
const READ: [&str; 2] = ["the list", "one product"];

impl FleetResult {
    pub(super) fn orders_table(&self) -> Table {
        let mut table = Table::new(&[
            "demand, who",
            "orders/s",
            "p50 ms",
            "p99 ms",
            "CPU s / 1,000 orders",
            "of it for jobs",
            "peak memory, MiB",
            "all done, s",
            "refused",
            "Souk against it",
        ]);
        for (place, demand) in Demand::ALL.iter().enumerate() {
            for (who, side) in Who::ALL.iter().zip(&self.orders.sides) {
                let series = &side.orders[place];
                let ratio = if *who == Who::Souk {
                    String::new()
                } else {
                    middle_fine(&self.against(side, place))
                };
                table.row([
                    format!("{}, {}", demand.name(), who.name()),
                    middle_whole(&series.rates),
                    middle_tenth(&series.p50),
                    middle_tenth(&series.p99),
                    format!("{:.2}", median(series.cpu.iter().copied())),
                    format!("{:.2}", median(series.jobs_cpu.iter().copied())),
                    whole(median(series.peak.iter().copied())),
                    middle_tenth(&series.drains),
                    whole(as_f64(series.refused)),
                    ratio,
                ]);
            }
        }
        table
    }

    /// Souk's orders of a demand.
    pub(super) fn souk(&self, demand: usize) -> &Series {
        &self.orders.sides[0].orders[demand]
    }

    /// Souk's rates against a side's.
    pub(super) fn against(&self, side: &Side, demand: usize) -> Vec<f64> {
        paired(&self.souk(demand).rates, &side.orders[demand].rates)
    }

    pub(super) fn limit_table(&self) -> Table {
        let mut table = Table::new(&[
            "demand",
            "the driver alone, orders/s",
            "Souk's store",
            "Souk over HTTP",
            "store / driver",
            "HTTP / driver",
        ]);
        for (place, demand) in Demand::ALL.iter().enumerate() {
            let (raw, store) = (&self.orders.raw[place], &self.orders.store[place]);
            let http = &self.souk(place).rates;
            table.row([
                demand.name().to_owned(),
                middle_whole(raw),
                middle_whole(store),
                middle_whole(http),
                middle_fine(&paired(store, raw)),
                middle_fine(&paired(http, raw)),
            ]);
        }
        table
    }

    pub(super) fn writers_table(&self) -> Table {
        let mut table = Table::new(&["writers", "orders/s", "p99 ms", "against one"]);
        let series = &self.writers.series;
        for (count, one) in WRITERS.iter().zip(series) {
            table.row([
                count.to_string(),
                middle_whole(&one.rates),
                middle_tenth(&one.p99),
                middle_fine(&paired(&one.rates, &series[0].rates)),
            ]);
        }
        table
    }

    pub(super) fn redis_table(&self) -> Table {
        let mut table = Table::new(&[
            "Redis",
            "p50 ms",
            "p99 ms",
            "max ms",
            "not placed",
            "all done, s",
        ]);
        for (name, steady) in ["with", "without"].iter().zip(&self.writers.steady) {
            table.row([
                (*name).to_owned(),
                middle_tenth(&steady.p50),
                middle_fine(&steady.p99),
                format!("{:.1}", steady.max),
                whole(as_f64(steady.missed)),
                middle_tenth(&steady.drains),
            ]);
        }
        table
    }

    pub(super) fn reads_table(&self) -> Table {
        let mut table = Table::new(&[
            "what, who",
            "answers/s",
            "p99 ms",
            "a second of CPU",
            "Souk against it",
            "a second of CPU",
        ]);
        let [souk, peer] = [0, PEER].map(|who| &self.orders.sides[who].reads);
        for (place, what) in READ.iter().enumerate() {
            for (name, reads) in [("Souk", &souk[place]), ("peer", &peer[place])] {
                let ratios = if name == "Souk" {
                    [String::new(), String::new()]
                } else {
                    [
                        middle_fine(&paired(&souk[place].rates, &reads.rates)),
                        middle_fine(&paired(&souk[place].per_cpu, &reads.per_cpu)),
                    ]
                };
                table.row(
                    [
                        format!("{what}, {name}"),
                        middle_whole(&reads.rates),
                        middle_tenth(&reads.p99),
                        middle_whole(&reads.per_cpu),
                    ]
                    .into_iter()
                    .chain(ratios),
                );
            }
        }
        table
    }

    pub(super) fn jobs_table(&self) -> Table {
        let mut table = Table::new(&["who", "jobs/s, end to end", "added/s meanwhile"]);
        let [souk, bull] = &self.jobs;
        for (name, series) in [("Souk", souk), ("BullMQ in Node", bull)] {
            table.row([
                name.to_owned(),
                middle_whole(&series.done),
                middle_whole(&series.added),
            ]);
        }
        table.row([
            "the first against the second".to_owned(),
            middle_fine(&paired(&souk.done, &bull.done)),
            middle_fine(&paired(&souk.added, &bull.added)),
        ]);
        table
    }

    pub(super) fn fan_out_table(&self) -> Table {
        let mut table = Table::new(&[
            "who",
            "messages/s",
            "a second of CPU",
            "delay p50 ms",
            "p99 ms",
        ]);
        let [souk, peer] = &self.fan_out;
        for (name, series) in [("Souk", souk), ("peer", peer)] {
            table.row([
                name.to_owned(),
                middle_whole(&series.rates),
                middle_whole(&series.per_cpu),
                middle_tenth(&series.p50),
                middle_tenth(&series.p99),
            ]);
        }
        table.row([
            "the first against the second".to_owned(),
            middle_fine(&paired(&souk.rates, &peer.rates)),
            middle_fine(&paired(&souk.per_cpu, &peer.per_cpu)),
            middle_fine(&paired(&souk.p50, &peer.p50)),
            middle_fine(&paired(&souk.p99, &peer.p99)),
        ]);
        table
    }
}
