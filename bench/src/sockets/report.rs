//! The results as Markdown.

use std::fmt::Write as _;

use super::SocketResult;
use super::peers::Kind;
use super::side_by_side::Side;
use crate::stats::{Latencies, as_f64, median, paired};
use crate::table::{Table, aim, at_most, middle_fine, middle_whole, whole};

impl SocketResult {
    /// The results as Markdown.
    pub fn markdown(&self) -> String {
        let plan = &self.plan;
        let count = |value: usize| whole(as_f64(value as u64));
        let mut text = format!(
            "## Sockets\n\nWhat is measured has one core, the driver the other. `souk-socketio` alone and Node's `socket.io` 4.8 (`peer-node`) say \
             the same to the same client (raw WebSocket frames), and take turns in every round, each time as a new process; `souk serve` is the \
             release binary with its default options but `--rate-limits off`. *Memory* is what the process grew by for each of {} sockets, with \
             what it has for them in use (Node's after a collection of garbage); those of the shop are signed in and follow a stream. *Fan-out* is \
             messages of 200 bytes that reached {} sockets, a second; those of the shop are entries that staff post, durable before they are sent, \
             in their own form. *Acks* are asked for by {} clients that each wait for the last one. *A second of its core* is what it did for each second that it was on its \
             core: where the driver or a neighbour took time, that is what compares.\n\n",
            count(plan.idle_sockets),
            count(plan.fan_out_sockets),
            count(plan.ack_clients),
        );
        text.push_str(self.rates_table().markdown());
        let _ = write!(
            text,
            "\nHow long it takes in the shop. Messages are posted at {} a second to {} sockets that follow the stream, orders placed at {} a \
             second; latencies count from when it was to be sent. *Seen* counts from the 201 of an order, one order at a time.\n\n",
            plan.messages_a_second,
            count(plan.fan_out_sockets),
            plan.orders_a_second,
        );
        text.push_str(self.latency_table().markdown());
        text.push('\n');
        text.push_str(&self.aims());
        text
    }

    fn rates_table(&self) -> Table {
        let mut table = Table::new(&[
            "who",
            "bytes / idle socket",
            "fan-out, messages/s",
            "a second of its core",
            "acks/s",
            "a second of its core",
        ]);
        let numbers =
            |idle: &[f64], fan_out: &[f64], busy: &[f64], acks: &[f64], busy_acks: &[f64]| {
                [
                    idle.to_vec(),
                    fan_out.to_vec(),
                    paired(fan_out, busy),
                    acks.to_vec(),
                    paired(acks, busy_acks),
                ]
            };
        let of = |side: &Side| {
            numbers(
                &side.idle_bytes,
                &side.fan_out,
                &side.busy,
                &side.acks,
                &side.busy_acks,
            )
        };
        let [bare, node] = self.sides.each_ref().map(of);
        let it = &self.whole;
        let whole = numbers(&it.idle_bytes, &it.fan_out, &it.busy, &[], &[]);
        let written = |values: &Vec<f64>| {
            if values.is_empty() {
                String::new()
            } else {
                middle_whole(values)
            }
        };
        for (name, numbers) in [Kind::Bare.name(), Kind::Node.name(), "`souk serve`"]
            .iter()
            .zip([&bare, &node, &whole])
        {
            let cells = numbers.iter().map(written);
            table.row(std::iter::once((*name).to_owned()).chain(cells));
        }
        let ratios = bare
            .iter()
            .zip(&node)
            .map(|(bare, node)| middle_fine(&paired(bare, node)));
        table.row(std::iter::once("the first against the second".to_owned()).chain(ratios));
        table
    }

    fn latency_table(&self) -> Table {
        let mut table = Table::new(&["what", "p50 ms", "p99 ms", "max ms"]);
        let it = &self.whole;
        let rows: [(&str, &Latencies); 5] = [
            ("staff's entry of an order, after its 201", &it.order_seen),
            ("a message until the last socket has it", &it.last_reached),
            ("placing an order, with no messages", &it.orders_alone),
            ("placing an order, beside the messages", &it.orders_beside),
            (
                "placing an order, beside messages as fast as can be",
                &it.orders_under_all,
            ),
        ];
        for (what, latencies) in rows {
            let at = |part| format!("{:.1}", latencies.millis_at(part));
            table.row([what.to_owned(), at(0.5), at(0.99), at(1.0)]);
        }
        table
    }

    fn aims(&self) -> String {
        let [bare, node] = &self.sides;
        let middle = |values: &[f64]| median(values.iter().copied());
        let ratio = |above: &[f64], below: &[f64]| median(paired(above, below));
        [
            at_most(
                "bytes for each idle socket, the library",
                4_400.0,
                middle(&bare.idle_bytes),
            ),
            at_most(
                "bytes for each idle socket, the shop (gate)",
                10_000.0,
                middle(&self.whole.idle_bytes),
            ),
            aim(
                "fan-out against Node's",
                7.0,
                ratio(&bare.fan_out, &node.fan_out),
            ),
            aim("acks against Node's", 2.0, ratio(&bare.acks, &node.acks)),
            at_most(
                "ms until staff have the entry of an order, p50",
                50.0,
                self.whole.order_seen.millis_at(0.5),
            ),
            at_most(
                "ms until the last socket has a message, p99",
                100.0,
                self.whole.last_reached.millis_at(0.99),
            ),
        ]
        .concat()
    }
}
