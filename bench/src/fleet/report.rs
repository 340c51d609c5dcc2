//! The results as Markdown.

use std::fmt::Write as _;

use super::FleetResult;
use super::tables::PEER;
use crate::stats::{as_f64, median, paired};
use crate::table::{aim, whole};

impl FleetResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let plan = &self.plan;
        let mut text = format!(
            "## A fleet, beside the same design in Node\n\nOne MongoDB replica set of three and one Redis for all; Souk and the peer (`peer-node`) \
             take turns on them, in {} rounds, each time on an empty database with new processes. Everything shares the cores: the \
             driver, the engines, and the shop. Ratios are medians of the rounds' own ratios. What is counted, and how fair it \
             is, is in [README.md](README.md).\n\n### Orders\n\n`POST /orders` by {} buyers who each wait for the answer, up to {} orders or {} s: \
             Souk as two processes for requests, one for sockets and one for jobs, loaded directly; the peer as a cluster of two and \
             one for jobs. *CPU* and *memory* are those of all the shop's processes together (not of the engines), with all that follows \
             from the orders, which is done *all done* seconds after the last answer. *Refused* were answered 503.\n\n",
            plan.fleet_rounds,
            plan.fleet_buyers,
            whole(as_f64(plan.fleet_orders)),
            plan.fleet_seconds,
        );
        text.push_str(self.orders_table().markdown());
        text.push_str(
            "\n### Against the limit\n\nBatches of 64 orders, one after the other. *The driver alone* commits, with no server around it and \
             no shop, what a batch is at least: in one transaction with a majority a `find` of the stock, one `update` of many \
             statements, an `insert` each of orders, entries, events and stock moves. *Souk's store* is `OrderStore::commit` called directly. In brackets \
             the range.\n\n",
        );
        text.push_str(self.limit_table().markdown());
        text.push_str("\n### One variant, many writers\n\nProcesses of Souk that sell the same variant to the same buyers; the others stand by.\n\n");
        text.push_str(self.writers_table().markdown());
        let _ = write!(
            text,
            "\n### While Redis is away\n\nOrders at a fixed rate of {} a second for {} s, spread, at two processes. Redis is killed after the first \
             second of each load *without* it and comes back at its end; *all done* then counts from its return.\n\n",
            plan.redis_orders_a_second, plan.redis_seconds
        );
        text.push_str(self.redis_table().markdown());
        let [list, one] = [0, 1].map(|which| {
            let bytes = |who: usize| whole(as_f64(self.orders.sides[who].reads[which].bytes));
            format!(
                "{} bytes from Souk, {} from the peer",
                bytes(0),
                bytes(PEER)
            )
        });
        let _ = write!(
            text,
            "\n### Cached reads\n\n`GET /products` by category, 24 products ({list}), and `GET /products/{{handle}}` ({one}), over {} kept-alive connections, \
             each waiting for its answer. *A second of CPU* is answers for each second that the shop's processes were on a core: where the driver takes \
             its share of the cores, that is what compares.\n\n",
            plan.read_connections
        );
        text.push_str(self.reads_table().markdown());
        let _ = write!(
            text,
            "\n### Jobs\n\n{} jobs that have nothing to do, added 200 at a time while one worker runs 50 at once, from the first one added to the last \
             one done. Souk's through its queue port, which asks the store which of them are over; BullMQ alone.\n\n",
            whole(as_f64(plan.jobs))
        );
        text.push_str(self.jobs_table().markdown());
        let _ = write!(
            text,
            "\n### Fan-out through two instances\n\n{} sockets follow one stream, half of them at each of two processes (the peer's: a cluster of two with the Redis \
             adapter); {} people post at both, and what is posted is durable before it is sent. *Delay* is from when a message was to be \
             posted, {} a second at one instance, until the last socket had it.\n\n",
            whole(as_f64(plan.fan_out_clients as u64)),
            plan.fan_out_posters,
            plan.fan_out_messages_a_second,
        );
        text.push_str(self.fan_out_table().markdown());
        text.push_str("\n### Aims\n\n");
        text.push_str(&self.aims());
        text
    }

    fn aims(&self) -> String {
        let [_, transactions, conditions] = &self.orders.sides;
        let [souk, peer] = [0, PEER].map(|who| &self.orders.sides[who].reads);
        let orders = |side, demand| median(self.against(side, demand));
        let reads = |which: usize| median(paired(&souk[which].rates, &peer[which].rates));
        let [jobs, bull] = &self.jobs;
        [
            aim(
                "orders, hot, against a transaction for each",
                100.0,
                orders(transactions, 0),
            ),
            aim(
                "orders, hot, against conditional updates",
                3.0,
                orders(conditions, 0),
            ),
            aim(
                "orders over HTTP, hot, against the driver alone",
                0.8,
                median(paired(&self.souk(0).rates, &self.orders.raw[0])),
            ),
            aim(
                "orders, spread, against a transaction for each",
                5.0,
                orders(transactions, 1),
            ),
            aim(
                "orders, spread, against conditional updates",
                5.0,
                orders(conditions, 1),
            ),
            aim("cached reads, the list", 5.0, reads(0)),
            aim("cached reads, one product", 5.0, reads(1)),
            aim(
                "jobs, end to end",
                2.0,
                median(paired(&jobs.done, &bull.done)),
            ),
        ]
        .concat()
    }
}
