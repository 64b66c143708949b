using System.Globalization;

namespace Lab.Measure;

/// <summary>The kernel, what it runs on, and what it does on its own account.</summary>
internal static class SystemFacts
{
    private const string Group = "system";

    public static IEnumerable<MachineFact> Read(MachineFiles files)
    {
        string? cpu = files.Read("/proc/cpuinfo");
        yield return new(Group, "cpu", KernelText.Field(cpu, "model name") ?? "unknown", FactState.Good,
            "Results of different processors are not comparable.");
        yield return files.ReadLine("/proc/sys/kernel/osrelease") is { } release
            ? new(Group, "kernel", release, FactState.Good,
                "--mmu kvm and host use this kernel's MMU: compare runs of one kernel only.")
            : new(Group, "kernel", "unknown", FactState.Unknown, "The kernel's version is unknown.");
        yield return Hypervisor(files, KernelText.Field(cpu, "flags"));
        if (EmulatedProcessor.IsHere())
        {
            yield return new(Group, "processor", "emulated by QEMU", FactState.Bad,
                "Order, counts and verdicts are the kernel's; times mean nothing, and are neither shown nor compared.",
                "lab guest where the host's KVM nests, or a machine with a processor");
        }
        yield return Mitigations(files);
        yield return Watchdog(files);
        yield return RealTimeShare(files);
    }

    private static MachineFact Hypervisor(MachineFiles files, string? flags)
    {
        if (flags is null) return new(Group, "hypervisor", "unknown", FactState.Unknown,
            "It is unknown whether this system is virtual.");
        string maker = string.Join(' ', new[] { files.ReadLine("/sys/class/dmi/id/sys_vendor"),
            files.ReadLine("/sys/class/dmi/id/product_name") }.OfType<string>());
        return flags.Split(' ').Contains("hypervisor")
            ? new(Group, "hypervisor", maker.Length > 0 ? maker : "present", FactState.Fair, "The host may take cores away "
                + "unseen, and faults may walk two page tables.", "measure on bare metal, or on a VM with dedicated cores")
            : new(Group, "hypervisor", "none", FactState.Good, "No hypervisor takes cores away.");
    }

    private static MachineFact Mitigations(MachineFiles files)
    {
        const string folder = "/sys/devices/system/cpu/vulnerabilities";
        string[] active = [.. files.Names(folder)
            .Where(name => files.ReadLine($"{folder}/{name}")?.StartsWith("Mitigation", StringComparison.Ordinal) == true)];
        if (!files.Exists(folder)) return new(Group, "mitigations", "unknown", FactState.Unknown,
            "It is unknown which mitigations slow down system calls and exits.");
        const string meaning = "Mitigations lengthen system calls, exits and faults: compare only runs with the same ones.";
        string value = string.Create(CultureInfo.InvariantCulture,
            $"{active.Length} active{(active.Length > 0 ? ": " : "")}{string.Join(" ", active)}");
        return new(Group, "mitigations", value, FactState.Good, meaning);
    }

    private static MachineFact Watchdog(MachineFiles files) => files.ReadLine("/proc/sys/kernel/watchdog") switch
    {
        "0" => new(Group, "watchdog", "off", FactState.Good, "No watchdog thread wakes on the measuring cores."),
        "1" => new(Group, "watchdog", files.ReadLine("/proc/sys/kernel/nmi_watchdog") == "1" ? "on, by NMI" : "on",
            FactState.Fair, "A watchdog wakes on each core every few seconds; by NMI it also takes a hardware counter.",
            "sudo sysctl kernel.watchdog=0"),
        _ => new(Group, "watchdog", "unknown", FactState.Unknown,
            "It is unknown whether a watchdog wakes on the measuring cores."),
    };

    private static MachineFact RealTimeShare(MachineFiles files)
    {
        if (files.Number("/proc/sys/kernel/sched_rt_runtime_us") is not { } runtime
            || files.Number("/proc/sys/kernel/sched_rt_period_us") is not { } period)
        {
            return new(Group, "rt_throttling", "unknown", FactState.Unknown,
                "It is unknown whether the kernel stops real-time threads.");
        }
        if (runtime < 0 || runtime >= period) return new(Group, "rt_throttling", "off", FactState.Good,
            "Real-time threads are never stopped; one that spins forever hangs its core.");
        string value = string.Create(CultureInfo.InvariantCulture, $"{runtime / 1000} of {period / 1000} ms");
        return new(Group, "rt_throttling", value, FactState.Fair, string.Create(CultureInfo.InvariantCulture,
                $"A SCHED_FIFO thread that never sleeps is stopped for {(period - runtime) / 1000} ms in each period."),
            "sudo sysctl kernel.sched_rt_runtime_us=-1");
    }
}
