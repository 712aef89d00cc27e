//! Machines of a sort: network namespaces, each on a line of its own to this one. Whatever runs there reaches this machine
//! by that line alone, and a line that is cut says nothing to either end. Needs root, and `ip` of iproute2.

use crate::process::Program;
use anyhow::{Context, bail};
use std::net::Ipv4Addr;
use std::process::{Command, id};
use std::sync::atomic::{AtomicU32, Ordering};

/// Machines that this process made.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A machine; it is gone when dropped, and with it its line.
#[derive(Debug)]
pub struct Machine {
    name: String,
    /// This end of the line.
    line: String,
    gateway: Ipv4Addr,
}

impl Machine {
    /// A machine with a line, up to 250 of them at a time.
    pub fn new() -> anyhow::Result<Machine> {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        // Addresses for private networks, in a part of them that depends on the process.
        let part = (id() & 0x1fff) << 10;
        let base = Ipv4Addr::new(10, 128, 0, 0).to_bits() + part + (number % 250) * 4;
        let (gateway, there) = (Ipv4Addr::from_bits(base + 1), Ipv4Addr::from_bits(base + 2));
        let name = format!("etl-{}-{number}", id());
        let (line, far) = (format!("e{:x}.{number}", id()), format!("f{:x}.{number}", id()));
        ip(&["netns", "add", &name])?;
        let machine = Machine { name, line, gateway };
        let (name, line) = (&machine.name, &machine.line);
        ip(&[
            "link", "add", line, "type", "veth", "peer", "name", &far, "netns", name,
        ])?;
        ip(&["address", "add", &format!("{gateway}/30"), "dev", line])?;
        ip(&["-n", name, "address", "add", &format!("{there}/30"), "dev", &far])?;
        ip(&["-n", name, "link", "set", "lo", "up"])?;
        ip(&["-n", name, "link", "set", &far, "up"])?;
        machine.mend()?;
        Ok(machine)
    }

    /// Where this machine is to be found from there.
    pub fn gateway(&self) -> Ipv4Addr {
        self.gateway
    }

    /// `program`, there.
    pub fn run(&self, program: Program) -> Program {
        program.through(&["ip", "netns", "exec", &self.name])
    }

    /// Nothing comes through any more, and nobody is told.
    pub fn cut(&self) -> anyhow::Result<()> {
        ip(&["link", "set", &self.line, "down"])
    }

    /// The line is whole again.
    pub fn mend(&self) -> anyhow::Result<()> {
        ip(&["link", "set", &self.line, "up"])
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // What still runs there ends with its owner; the line goes with its far end.
        if let Err(error) = ip(&["netns", "delete", &self.name]) {
            eprintln!("a machine is left behind: {error:#}");
        }
    }
}

fn ip(words: &[&str]) -> anyhow::Result<()> {
    let ended = Command::new("ip").args(words).output();
    let ended = ended.context("machines need `ip`: apt-get install iproute2")?;
    if !ended.status.success() {
        let said = String::from_utf8_lossy(&ended.stderr);
        bail!("machines need root: ip {}: {}", words.join(" "), said.trim())
    }
    Ok(())
}
