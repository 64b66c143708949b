namespace Lab.Application.Conformance;

/// <summary>Who did it. The kernel's threads and ours have these parts in common; which of two vCPUs it was does not
/// count.</summary>
internal enum Part
{
    Updater,
    Worker,
    Vcpu,

    /// <summary>The updater's thread from "vm destroy begin" on.</summary>
    Destroyer,
}

/// <summary>What was done, in the words of the kernel's traces.</summary>
internal enum Verb
{
    /// <summary>tracing_mark_write: the program that drives the VM says where it is.</summary>
    Marker,

    /// <summary>kvm_mmu_get_page: a table was made. Level 4 is a root.</summary>
    GetPage,

    /// <summary>get: a vCPU has its root.</summary>
    Get,

    /// <summary>put: a reference is being dropped.</summary>
    Put,

    /// <summary>kvm_mmu_zap_all_fast.</summary>
    ZapAllFast,

    /// <summary>inval: all roots are being invalidated.</summary>
    InvalidateAll,

    /// <summary>workqueue_queue_work, execute_start and execute_end of tdp_mmu_zap_root_work.</summary>
    Queue,
    ExecuteStart,
    ExecuteEnd,

    /// <summary>flush and flushed: kvm_tdp_mmu_zap_invalidated_roots begins and returns.</summary>
    Flush,
    Flushed,

    /// <summary>zap: a pass over a root begins (__tdp_mmu_zap_root, 7.2: tdp_mmu_zap_root).</summary>
    Zap,

    /// <summary>kvm_mmu_prepare_zap_page: a table was taken out of its tree.</summary>
    ZapPage,
}

/// <summary>One event in the form both sides are brought to. A field that the kernel does not record for the verb is null on both
/// sides.</summary>
/// <param name="Phase">Text of the last marker.</param>
/// <param name="Part">Who.</param>
/// <param name="Verb">What.</param>
/// <param name="Root">Ordinal of the root, in order of creation, from 1.</param>
/// <param name="Count">The root's reference count on entry.</param>
/// <param name="Level">Level of the table, or of the zap's pass.</param>
/// <param name="Gfn">First frame of the table.</param>
/// <param name="Shared">A put: the mode of mmu_lock.</param>
/// <param name="Invalid">The root's invalid bit (role bit 0x800).</param>
internal sealed record NormalEvent(string Phase, Part Part, Verb Verb, int? Root = null, long? Count = null, int? Level = null,
    ulong? Gfn = null, bool? Shared = null, bool? Invalid = null)
{
    public override string ToString()
    {
        List<string> words = [Verb.ToString()];
        if (Verb == Verb.Marker) words.Add($"\"{Phase}\"");
        if (Root is { } root) words.Add($"root{root}");
        if (Count is { } count) words.Add($"ref={count}");
        if (Level is { } level) words.Add($"l{level}");
        if (Gfn is { } gfn) words.Add($"gfn={gfn:x}");
        if (Shared is { } shared) words.Add(shared ? "shared" : "exclusive");
        if (Invalid is { } invalid) words.Add(invalid ? "invalid" : "valid");
        return string.Join(' ', words);
    }
}

/// <summary>An event and where it stands: the thread, and the line of a trace's file or zero for an event of the lab. Neither is
/// compared.</summary>
internal readonly record struct Sourced(NormalEvent Event, string Task, int Line);

/// <summary>One side of a comparison: events in the order of time, and the tables made and freed over the VM's life.</summary>
/// <param name="Name">The trace's file or the strategy.</param>
/// <param name="Events">Oldest first.</param>
/// <param name="PagesMade">Tables created, roots included.</param>
/// <param name="PagesFreed">Tables freed by the end of the VM; null if the trace has no such probe.</param>
internal sealed record History(string Name, IReadOnlyList<Sourced> Events, int PagesMade, int? PagesFreed);
