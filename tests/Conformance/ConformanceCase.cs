using Lab.Application.Conformance;
using Lab.Hardware;
using Lab.Mmu;

namespace Lab.Tests.Conformance;

/// <summary>A kernel's trace and what of the lab must behave as that kernel did.</summary>
/// <param name="Trace">File in traces/.</param>
/// <param name="Strategy">Name in the catalogue.</param>
/// <param name="Passes">Granularity of whole-root zaps, where the trace's kernel and the strategy's source differ.</param>
/// <param name="Waived">What is not compared.</param>
internal sealed record ConformanceCase(string Trace, string Strategy, ZapPasses Passes, params Waiver[] Waived)
{
    /// <summary>Every trace there is.</summary>
    public static IReadOnlyList<ConformanceCase> All { get; } =
    [
        new("workqueue-2vcpu-delete.txt", "workqueue", ZapPasses.AsSource),
        new("refcount2-2vcpu-delete.txt", "refcount2", ZapPasses.AsSource),
        new("workqueue-6.1-2vcpu-reset.txt", "workqueue", ZapPasses.AsSource, Waivers.WorkersPhase),
        new("refcount2-6.1-2vcpu-reset.txt", "refcount2", ZapPasses.AsSource, Waivers.WorkersPhase),
        new("mainline-7.2-2vcpu-delete.txt", "mainline", ZapPasses.AsSource, Waivers.ModeNotRecorded),
        new("mainline-7.3-2vcpu-delete.txt", "mainline", ZapPasses.AsSource, Waivers.ModeNotRecorded),
        new("mainline-7.3-2vcpu-reset.txt", "mainline", ZapPasses.AsSource, Waivers.ModeNotRecorded),
        new("mainline-6.1-2vcpu-delete.txt", "mainline", ZapPasses.Coarse, Waivers.VcpusPutExclusively,
            Waivers.InvalidateAtDestroyInlined),
        new("mainline-6.1-2vcpu-reset.txt", "mainline", ZapPasses.Coarse, Waivers.VcpusPutExclusively,
            Waivers.InvalidateAtDestroyInlined),
    ];

    public static ConformanceCase Of(string trace) => All.Single(one => one.Trace == trace);

    public RootOperation Operation =>
        Trace.Contains("reset", StringComparison.Ordinal) ? RootOperation.Reset : RootOperation.Delete;

    public History RunLab() => RunLab(Passes);

    public History RunLab(ZapPasses passes) => LabScenario.Run(Strategy, passes, Operation);

    public History Load() => RecordedTrace.Parse(Trace, ReadLines(Trace));

    public static string[] ReadLines(string trace) =>
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Conformance", "traces", trace));

    public Comparison Compare(History kernel, History lab) => Comparison.Of(kernel, lab, Waived);
}
