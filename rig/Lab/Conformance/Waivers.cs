namespace Lab.Application.Conformance;

/// <summary>A difference between a trace and the lab that is not the design's, and how both sides are brought to one form. A test
/// shows that no waiver is idle.</summary>
/// <param name="Name">As the tests call it.</param>
/// <param name="Why">Why it is no deviation.</param>
/// <param name="Apply">Applied to both sides.</param>
internal sealed record Waiver(string Name, string Why, Func<IReadOnlyList<Sourced>, IReadOnlyList<Sourced>> Apply);

/// <summary>The differences that are known.</summary>
internal static class Waivers
{
    public static readonly Waiver ModeNotRecorded = new(
        "put's lock mode is not in the trace",
        "kvm_tdp_mmu_put_root no longer has a 'shared' to probe (6.9 and later).",
        static events => [.. events.Select(static one => one with { Event = one.Event with { Shared = null } })]);

    public static readonly Waiver VcpusPutExclusively = new(
        "vCPUs put under the exclusive hold",
        "6.1 has the ownership and the zapping of 'mainline' (0df9dab891ff is in its stable series) but not the shared loads and "
            + "puts of 6.9: "
        + "the mode of a vCPU's put, also at destroy, is the one thing in which it is another design. "
        + "The iterator's and the MMU's own puts are compared.",
        static events =>
            [.. events.Select(
                (one, index) => IsPutOfVcpu(events, index) ? one with { Event = one.Event with { Shared = null } } : one)]);

    public static readonly Waiver InvalidateAtDestroyInlined = new(
        "destroy invalidates unseen",
        "kvm_mmu_uninit_tdp_mmu calls kvm_tdp_mmu_invalidate_all_roots right before the flush that both traces show. In 6.1 the "
            + "probe on it did "
        + "not fire there, in 7.2 it did. Both functions are in tdp_mmu.c; that 6.1's compiler inlined the call is "
            + "inferred, not seen.",
        static events => [.. events.Where(static one => one.Event is not { Part: Part.Destroyer, Verb: Verb.InvalidateAll })]);

    public static readonly Waiver FlagWalks = new(
        "walks over valid roots at a change of flags",
        "KVM walks all roots once to split (eager_page_split) and once to write-protect, and once more to merge when logging "
            + "ends; the lab does it in one walk, and in none where every leaf is of 4 KiB. A walk takes and drops a reference.",
        static events => [.. events.Where(static one => one.Event is not { Part: Part.Updater, Verb: Verb.Put, Invalid: false }
            || !one.Event.Phase.StartsWith("flags", StringComparison.Ordinal))]);

    public static readonly Waiver WorkersPhase = new(
        "the phase in which the worker's item runs",
        "Nobody flushes what a put queues: in which phase a CPU is free for it is a race.",
        static events => [.. events.Select(static one =>
            one.Event.Part == Part.Worker ? one with { Event = one.Event with { Phase = "" } } : one)]);

    /// <summary>At destroy a put right after a zap is the iterator's; the others are those of the vCPUs.</summary>
    private static bool IsPutOfVcpu(IReadOnlyList<Sourced> events, int index)
    {
        NormalEvent one = events[index].Event;
        if (one.Verb != Verb.Put) return false;
        // At a reset it is put by the VMM's thread.
        if (one.Phase.StartsWith("reset", StringComparison.Ordinal)) return true;
        if (one.Part != Part.Destroyer) return one.Part == Part.Vcpu;
        return events.Take(index).Last(before => before.Event.Part == Part.Destroyer).Event.Verb != Verb.Zap;
    }
}
