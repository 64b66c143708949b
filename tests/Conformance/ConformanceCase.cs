using Lab.Mmu;

namespace Lab.Tests.Conformance;

/// <summary>A difference between a trace and the lab that is not the design's, and how both sides are brought to one form. A test
/// shows that no waiver is idle.</summary>
/// <param name="Name">As the tests call it.</param>
/// <param name="Why">Why it is no deviation.</param>
/// <param name="Apply">Applied to both sides.</param>
internal sealed record Waiver(string Name, string Why, Func<IReadOnlyList<Sourced>, IReadOnlyList<Sourced>> Apply);

/// <summary>A kernel's trace and what of the lab must behave as that kernel did.</summary>
/// <param name="Trace">File in traces/.</param>
/// <param name="Strategy">Name in the catalogue.</param>
/// <param name="Passes">Granularity of whole-root zaps, where the trace's kernel and the strategy's source differ.</param>
/// <param name="Waivers">What is not compared.</param>
internal sealed record ConformanceCase(string Trace, string Strategy, ZapPasses Passes, params Waiver[] Waivers)
{
    private static readonly Waiver ModeNotRecorded = new(
        "put's lock mode is not in the trace",
        "7.2 lost the parameter: kvm_tdp_mmu_put_root no longer has a 'shared' to probe.",
        static events => [.. events.Select(static one => one with { Event = one.Event with { Shared = null } })]);

    private static readonly Waiver VcpusPutExclusively = new(
        "vCPUs put under the exclusive hold",
        "6.1 has the ownership and the zapping of 'mainline' (0df9dab891ff is in its stable series) but not the shared loads and "
            + "puts of 6.9: "
        + "the mode of a vCPU's put, also at destroy, is the one thing in which it is another design. "
        + "The iterator's and the MMU's own puts are compared.",
        static events =>
            [.. events.Select(
                (one, index) => IsPutOfVcpu(events, index) ? one with { Event = one.Event with { Shared = null } } : one)]);

    private static readonly Waiver InvalidateAtDestroyInlined = new(
        "destroy invalidates unseen",
        "kvm_mmu_uninit_tdp_mmu calls kvm_tdp_mmu_invalidate_all_roots right before the flush that both traces show. In 6.1 the "
            + "probe on it did "
        + "not fire there, in 7.2 it did. Both functions are in tdp_mmu.c; that 6.1's compiler inlined the call is "
            + "inferred, not seen.",
        static events => [.. events.Where(static one => one.Event is not { Part: Part.Destroyer, Verb: Verb.InvalidateAll })]);

    /// <summary>Every trace there is.</summary>
    public static IReadOnlyList<ConformanceCase> All { get; } =
    [
        new("workqueue-2vcpu-delete.txt", "workqueue", ZapPasses.AsSource),
        new("refcount2-2vcpu-delete.txt", "refcount2", ZapPasses.AsSource),
        new("mainline-7.2-2vcpu-delete.txt", "mainline", ZapPasses.AsSource, ModeNotRecorded),
        new("mainline-6.1-2vcpu-delete.txt", "mainline", ZapPasses.Coarse, VcpusPutExclusively, InvalidateAtDestroyInlined),
    ];

    public static ConformanceCase Of(string trace) => All.Single(one => one.Trace == trace);

    public History RunLab() => LabScenario.Run(Strategy, Passes);

    public Comparison Compare(History kernel, History lab) => Comparison.Of(kernel, lab, Waivers);

    /// <summary>At destroy a put right after a zap is the iterator's; the others are those of the vCPUs.</summary>
    private static bool IsPutOfVcpu(IReadOnlyList<Sourced> events, int index)
    {
        NormalEvent one = events[index].Event;
        if (one.Verb != Verb.Put) return false;
        if (one.Part != Part.Destroyer) return one.Part == Part.Vcpu;
        return events.Take(index).Last(before => before.Event.Part == Part.Destroyer).Event.Verb != Verb.Zap;
    }
}
