using System.Globalization;
using Lab.Results;

namespace Lab.Report.Runs;

/// <summary>What the kernel counted in the windows, in a line per strategy: a check on what the lab says that it did.</summary>
public static class KernelLines
{
    /// <summary>Counters of KVM and of the process that a reader asks for first, in words; the others are in
    /// counters.csv.</summary>
    private static readonly (string Counter, string Words)[] Told =
    [
        ("kvm.pf_taken", "guest page faults"),
        ("kvm.mmio_exits", "exits for holes"),
        ("kvm.mmu_shadow_zapped", "shadow pages zapped"),
        ("kvm.remote_tlb_flush", "remote TLB flushes"),
        ("host.minor_faults", "page faults of the process"),
        ("userfault.resolved", "of them resolved by the rig"),
    ];

    public static IEnumerable<string> Of(RunRecord run)
    {
        foreach (Scene scene in run.Scenes)
        {
            foreach (string strategy in run.StrategiesIn(scene))
            {
                List<string> parts = [];
                foreach ((string counter, string words) in Told)
                {
                    double sum = run.Counters.Where(row => row.Scene == scene && row.Strategy == strategy && row.Actor.Length == 0
                        && row.Counter == counter).Sum(row => row.Value);
                    if (sum != 0) parts.Add(string.Create(CultureInfo.InvariantCulture, $"{sum:N0} {words}"));
                }
                if (parts.Count > 0) yield return $"kernel counted for {strategy} on {scene}: {string.Join(", ", parts)}";
            }
        }
    }
}
