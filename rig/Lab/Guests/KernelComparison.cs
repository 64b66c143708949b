using Lab.Application.Catalogue;
using Lab.Application.Conformance;
using Lab.Hardware;
using Lab.Results;

namespace Lab.Application.Guests;

/// <summary>What a kernel was found to do.</summary>
/// <param name="Asked">As it was named.</param>
/// <param name="Outcome">How its guest ended.</param>
/// <param name="Runs">Runs that came back.</param>
/// <param name="Traces">Files of traces, by what was done to the VM.</param>
public sealed record MeasuredKernel(string Asked, GuestOutcome Outcome, IReadOnlyList<RunRecord> Runs,
    IReadOnlyDictionary<RootOperation, string> Traces)
{
    public string Name => Outcome.Kernel ?? Asked;

    /// <summary>What each part did with roots at that; there must be a trace of it.</summary>
    /// <exception cref="FormatException">A line of the trace is not understood.</exception>
    public IReadOnlyList<RootCounts> Counted(RootOperation what) =>
        RootCounts.Of(Path.GetFileName(Traces[what]), File.ReadAllLines(Traces[what]));
}

/// <summary>How often something happened under two kernels.</summary>
/// <param name="Scene">Workload and MMU.</param>
/// <param name="What">In words.</param>
/// <param name="Values">Of each kernel.</param>
/// <param name="Per">For each of what; null for as such.</param>
public sealed record ComparedCount(Scene Scene, string What, IReadOnlyList<double> Values, string? Per);

/// <summary>Two kernels, each booted once: what they count for an update and for a fault, and what they do with roots.</summary>
public sealed record KernelComparison(IReadOnlyList<MeasuredKernel> Kernels)
{
    private const string Updates = "update", Faults = "fault", Load = "";

    /// <summary>Of page faults taken, what was neither fixed nor emulated nor there already.</summary>
    private const string Retried = "kvm.pf_taken less kvm.pf_fixed, kvm.pf_emulate, kvm.pf_spurious";

    /// <summary>By which counter, what it counts, and for each of what: updates are the lab's memslot updates, faults those that
    /// KVM fixed.</summary>
    private static readonly (string Counter, string Words, string Per)[] Counted =
    [
        ("trace.kvm_mmu_zap_all_fast", "fast zaps", Updates),
        ("trace.kvm_mmu_prepare_zap_page", "tables zapped", Updates),
        ("trace.kvm_tdp_mmu_spte_changed", "SPTEs changed", Faults),
        ("kvm.remote_tlb_flush", "remote TLB flushes", Updates),
        ("kvm.remote_tlb_flush_requests", "flush requests to vCPUs", Updates),
        ("trace.kvm_unmap_hva_range", "notifier unmaps", Load),
        ("kvm.pf_taken", "page faults taken", Faults),
        (Retried, "page faults retried", Faults),
        ("trace.kvm_mmu_set_spte", "SPTEs set", Faults),
        ("trace.fast_page_fault", "fast page faults", Faults),
    ];

    /// <summary>Operations of which each kernel is traced.</summary>
    public static IReadOnlyList<RootOperation> Traced { get; } = [RootOperation.Delete, RootOperation.Reset];

    /// <summary>Commands of the lab in each guest.</summary>
    /// <param name="ofRun">Arguments of the run, beside what it always has.</param>
    public static IReadOnlyList<IReadOnlyList<string>> Commands(IReadOnlyList<string> ofRun) =>
    [
        ["--mmu", "kvm", "--strategy", new LabCatalogue().Kernels, "--kernel-trace", "on", .. ofRun],
        .. Traced.Select(what => (IReadOnlyList<string>)
            ["guest", "trace", "--here", "--operation", what.ToString().ToLowerInvariant()]),
    ];

    /// <summary>Every count that any kernel has.</summary>
    public IEnumerable<ComparedCount> Counts()
    {
        foreach (Scene scene in Kernels.SelectMany(kernel => kernel.Runs).SelectMany(run => run.Scenes).Distinct())
        {
            double[] updates = [.. Kernels.Select(kernel => Sum(kernel, scene, Updates))];
            double[] faults = [.. Kernels.Select(kernel => Counter(kernel, scene, "kvm.pf_fixed"))];
            yield return new ComparedCount(scene, "memslot updates", updates, null);
            yield return new ComparedCount(scene, "page faults fixed", faults, null);
            foreach ((string counter, string words, string per) in Counted)
            {
                double[] counts = [.. Kernels.Select(kernel => counter == Retried ? Retries(kernel, scene)
                    : Counter(kernel, scene, counter))];
                if (counts.All(count => count == 0)) continue;
                double[] by = per == Updates ? updates : faults;
                // A load without updates has none to count by; how often the host unmaps is the load's doing.
                if (per == Load || by.Any(count => count == 0)) yield return new ComparedCount(scene, words, counts, null);
                else yield return new ComparedCount(scene, words, [.. counts.Zip(by, (count, each) => count / each)], per);
            }
        }
    }

    /// <summary>The second kernel's trace against the first's; null where one is missing.</summary>
    /// <exception cref="FormatException">A line of a trace is not understood.</exception>
    public ConformanceVerdict? Roots(RootOperation what) => Kernels is [var first, var second]
        && first.Traces.TryGetValue(what, out string? before) && second.Traces.TryGetValue(what, out string? after)
        ? RootConformance.WithTrace(second.Name, File.ReadAllLines(after), first.Name, File.ReadAllLines(before)) : null;

    private static double Sum(MeasuredKernel kernel, Scene scene, string metric) => kernel.Runs.SelectMany(run => run.Summary)
        .Where(row => row.Scene == scene && row.Metric == metric).Sum(row => row.Count);

    /// <summary>The counts are read one after the other while faults go on.</summary>
    private static double Retries(MeasuredKernel kernel, Scene scene) => Math.Max(0, Counter(kernel, scene, "kvm.pf_taken")
        - Counter(kernel, scene, "kvm.pf_fixed") - Counter(kernel, scene, "kvm.pf_emulate")
        - Counter(kernel, scene, "kvm.pf_spurious"));

    private static double Counter(MeasuredKernel kernel, Scene scene, string counter) => kernel.Runs
        .SelectMany(run => run.Counters)
        .Where(row => row.Scene == scene && row.Actor.Length == 0 && row.Counter == counter).Sum(row => row.Value);
}
