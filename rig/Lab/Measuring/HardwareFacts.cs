using System.Globalization;
using Lab.Hardware;
using Lab.Measure;

namespace Lab.Application.Measuring;

/// <summary>What <c>lab doctor</c> says about the interfaces that must be tried to be known.</summary>
public static class HardwareFacts
{
    public static IEnumerable<MachineFact> Of(HardwareProbe probe, string kvmDevice)
    {
        if (probe.KvmRefusal is { } refusal)
        {
            yield return new("kvm", "kvm", "not usable", FactState.Fair,
                "--mmu kvm cannot run here; radix and host can.", refusal);
        }
        else
        {
            yield return new("kvm", "kvm", kvmDevice, FactState.Good, "--mmu kvm can run here.");
            string value = string.Create(CultureInfo.InvariantCulture,
                $"{probe.Memslots} slots, {probe.Vcpus} vCPUs, ring {(probe.DirtyRingBytes > 0 ? "yes" : "no")}, read-only "
                    + $"{(probe.HasReadOnlySlots ? "yes" : "no")}, stats {(probe.HasStatistics ? "yes" : "no")}, zap-all off "
                    + $"{(probe.CanKeepOtherSlots ? "yes" : "no")}");
            bool all = probe is { DirtyRingBytes: > 0, HasReadOnlySlots: true, HasStatistics: true, CanKeepOtherSlots: true };
            yield return all
                ? new("kvm", "kvm_capabilities", value, FactState.Good, "Every option of --mmu kvm is available.")
                : new("kvm", "kvm_capabilities", value, FactState.Fair,
                    "Options of --mmu kvm that need what is missing are refused.", "boot a newer kernel (6.12 has them all)");
        }
        yield return probe.UserfaultRefusal is { } why
            ? new("instruments", "userfaultfd", "refused", FactState.Fair, "--userfault on cannot run here.", why)
            : new("instruments", "userfaultfd", "usable", FactState.Good,
                "The rig can resolve missing pages itself (--mmu host --userfault on).");
        int count = probe.PerfNames.Count;
        yield return count == 0
            ? new("instruments", "perf_events", "refused", FactState.Fair, "Faults and switches per thread are not counted.",
                string.Join(" ", probe.PerfNotes))
            : new("instruments", "perf_events", string.Create(CultureInfo.InvariantCulture, $"{count} count"), FactState.Good,
                $"Counted: {string.Join(", ", probe.PerfNames.Select(name => name["perf.".Length..]))}.");
    }
}
