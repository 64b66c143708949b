using System.Globalization;
using Lab.Mmu;

namespace Lab.Explorer.Scenarios;

/// <summary>A number that a scenario can be asked with: <c>--set vcpus=2</c>.</summary>
public sealed record ScenarioParameter(string Name, long Default, long Value);

/// <summary>A memslot of the small VM.</summary>
/// <param name="Name">As the actions call it.</param>
/// <param name="Id">Its number, in order of declaration.</param>
/// <param name="Range">Frames, in units of the small model tables.</param>
/// <param name="IsAbsent">Not there at the start; an action creates it.</param>
/// <param name="Shares">Number of the slot over whose memory it lies; null if it has memory of its own.</param>
public sealed record ScenarioSlot(string Name, int Id, GfnRange Range, bool IsAbsent, int? Shares = null);

/// <summary>Who does what, in order. An actor with a vCPU drives it.</summary>
public sealed record ScenarioActor(string Name, int? Vcpu, IReadOnlyList<ScenarioAction> Actions);

/// <summary>A small concurrent story on a small VM, the same for every strategy: what was before, which threads run beside each
/// other, how it ends.</summary>
/// <param name="Name">As the user types it.</param>
/// <param name="Story">First comment block of its text.</param>
/// <param name="Parameters">Its numbers and their values here.</param>
/// <param name="Slots">Memslots.</param>
/// <param name="Before">Done on one thread before the exploration starts, in this order.</param>
/// <param name="Threads">Explored beside each other, and beside the strategy's own workers.</param>
/// <param name="DestroysAtEnd">When all threads have ended the VM is destroyed on one thread and checked.</param>
/// <param name="Text">What it was read from.</param>
public sealed record Scenario(
    string Name, string Story, IReadOnlyList<ScenarioParameter> Parameters, IReadOnlyList<ScenarioSlot> Slots,
    IReadOnlyList<ScenarioActor> Before, IReadOnlyList<ScenarioActor> Threads, bool DestroysAtEnd, string Text)
{
    /// <summary>Broken strategies that it was written to reject; empty for a scenario that is for all.</summary>
    public IReadOnlyList<string> Rejects { get; init; } = [];

    /// <summary>Readers of a semaphore pass writers that wait.</summary>
    public bool ReadersFirst { get; init; }

    /// <summary>Faults look for invalidations before they wait for mmu_lock.</summary>
    public bool PreChecks { get; init; }

    /// <summary>A write to a page that is only write-protected is mended without mmu_lock.</summary>
    public bool FastFaults { get; init; }

    /// <summary>Page tables remember where there is no memslot.</summary>
    public bool CachesMmio { get; init; }

    /// <summary>Faults map the frames of a whole table by one leaf, unless the slot logs.</summary>
    public bool LargePages { get; init; }

    /// <summary>Levels of page tables.</summary>
    public int Levels { get; init; } = 2;

    /// <summary>Where the notifier's sequence starts.</summary>
    public ulong Sequence { get; init; }

    /// <summary>A start has no end.</summary>
    public bool EndsMissing
    {
        get
        {
            ScenarioAction[] all = [.. Before.Concat(Threads).SelectMany(actor => actor.Actions)];
            return all.OfType<UnmapStartAction>().Count() != all.OfType<UnmapEndAction>().Count();
        }
    }

    /// <summary>vCPUs that the VM needs; at least one.</summary>
    public int Vcpus => Math.Max(1, Before.Concat(Threads).Max(actor => actor.Vcpu ?? -1) + 1);

    /// <summary>Changes whenever something that a schedule depends on does: eight hexadecimal digits over slots, actors and
    /// actions. Comments do not count.</summary>
    public string Fingerprint
    {
        get
        {
            IEnumerable<string> words =
            [
                .. Slots.Select(slot => $"slot {slot.Id} {slot.Range.Start.Value} {slot.Range.Frames} {slot.IsAbsent}"
                    + (slot.Shares is { } other ? $" shares {other}" : "")),
                .. Before.Select(actor => $"before {actor.Name}: {string.Join(", ", actor.Actions)}"),
                .. Threads.Select(actor => $"thread {actor.Name}: {string.Join(", ", actor.Actions)}"),
                .. ReadersFirst ? ["fair 0"] : Array.Empty<string>(),
                .. PreChecks ? ["pre-check 1"] : Array.Empty<string>(),
                .. FastFaults ? ["fast-faults 1"] : Array.Empty<string>(),
                .. CachesMmio ? ["mmio-caching 1"] : Array.Empty<string>(),
                .. LargePages ? ["large-pages 1"] : Array.Empty<string>(),
                .. Levels != 2 ? [string.Create(CultureInfo.InvariantCulture, $"levels {Levels}")] : Array.Empty<string>(),
                .. Sequence != 0 ? [string.Create(CultureInfo.InvariantCulture, $"sequence {Sequence}")] : Array.Empty<string>(),
                DestroysAtEnd ? "end destroy" : "end",
            ];
            // FNV-1a, 32 bits: the same on every machine and in every process, which string.GetHashCode is not.
            uint hash = 2166136261;
            foreach (char letter in string.Join('\n', words)) hash = unchecked((hash ^ letter) * 16777619);
            return hash.ToString("x8", CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The slot of that name; the parser has made sure that there is one.</summary>
    public ScenarioSlot Slot(string name) => Slots.First(slot => slot.Name == name);
}

/// <summary>One thing an actor does. <c>ToString</c> gives it as it is written in a file.</summary>
public abstract record ScenarioAction
{
    private protected ScenarioAction() { }

    /// <summary>True if only an actor that drives a vCPU can do it.</summary>
    public virtual bool NeedsVcpu => false;

    protected abstract string Words { get; }

    public sealed override string ToString() => Words;
}

/// <summary>A guest access: run, serve exits until it is done or skipped.</summary>
public sealed record TouchAction(ulong Gfn, bool Write) : ScenarioAction
{
    public override bool NeedsVcpu => true;

    protected override string Words => $"{(Write ? "write" : "touch")} {Gfn}";
}

/// <summary>Puts the root and loads one for the same role.</summary>
public sealed record ReloadAction : ScenarioAction
{
    public override bool NeedsVcpu => true;

    protected override string Words => "reload";
}

/// <summary>Puts the root and loads the one for another role.</summary>
/// <param name="Role">The role.</param>
/// <param name="RoleName">"normal", "smm" or "wp-off".</param>
public sealed record SwitchAction(RootRole Role, string RoleName) : ScenarioAction
{
    public override bool NeedsVcpu => true;

    protected override string Words => $"switch {RoleName}";
}

/// <summary>Puts the root and loads none.</summary>
public sealed record UnloadAction : ScenarioAction
{
    public override bool NeedsVcpu => true;

    protected override string Words => "unload";
}

/// <summary>Serves what is requested, if anything is.</summary>
public sealed record ServeAction : ScenarioAction
{
    public override bool NeedsVcpu => true;

    protected override string Words => "serve";
}

/// <summary>Deletes a memslot: a fast zap.</summary>
public sealed record DeleteAction(string Slot) : ScenarioAction
{
    protected override string Words => $"delete {Slot}";
}

/// <summary>Creates a memslot where it was declared.</summary>
public sealed record CreateAction(string Slot) : ScenarioAction
{
    protected override string Words => $"create {Slot}";
}

/// <summary>Moves a memslot: a fast zap.</summary>
public sealed record MoveAction(string Slot, ulong To) : ScenarioAction
{
    protected override string Words => $"move {Slot} to {To}";
}

/// <summary>Turns dirty logging of a memslot on or off, under slots_lock.</summary>
public sealed record FlagsAction(string Slot, MemslotFlags Flags) : ScenarioAction
{
    protected override string Words => $"flags {Slot} {(Flags == MemslotFlags.LogDirtyPages ? "dirty" : "none")}";
}

/// <summary>The dirty-log reader: walks the roots under the shared hold, each with a reference of its own, and write-protects the
/// slot in them. Without slots_lock.</summary>
/// <param name="Slot">Whose frames.</param>
/// <param name="InvalidToo">Invalid roots as well, as readers did up to v3 of the series; later ones skip them.</param>
public sealed record WriteProtectAction(string Slot, bool InvalidToo) : ScenarioAction
{
    protected override string Words => $"write-protect {Slot}{(InvalidToo ? " all" : "")}";
}

/// <summary>Fetches and clears the dirty log of a memslot, under slots_lock.</summary>
public sealed record CollectAction(string Slot) : ScenarioAction
{
    protected override string Words => $"collect {Slot}";
}

/// <summary>The host takes a range away: notifier start, then end.</summary>
public sealed record UnmapAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"unmap {Range.Start.Value} + {Range.Frames}";
}

/// <summary>Notifier start alone.</summary>
public sealed record UnmapStartAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"unmap-start {Range.Start.Value} + {Range.Frames}";
}

/// <summary>Notifier end alone; the same actor has done the start.</summary>
public sealed record UnmapEndAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"unmap-end {Range.Start.Value} + {Range.Frames}";
}

/// <summary>The host takes a range away without sleeping, as the OOM reaper does: start and end.</summary>
public sealed record ReapAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"reap {Range.Start.Value} + {Range.Frames}";
}

/// <summary>Takes a lock of the host's that is none of KVM's: a page lock, i_mmap_rwsem, another notifier's mutex.</summary>
public sealed record LockAction(string Lock) : ScenarioAction
{
    protected override string Words => $"lock {Lock}";
}

/// <summary>Leaves it.</summary>
public sealed record UnlockAction(string Lock) : ScenarioAction
{
    protected override string Words => $"unlock {Lock}";
}

/// <summary>The host asks whether a range is young, and makes it old.</summary>
public sealed record AgeAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"age {Range.Start.Value} + {Range.Frames}";
}

/// <summary>The host asks whether a range is young, and changes nothing.</summary>
public sealed record TestAction(GfnRange Range) : ScenarioAction
{
    protected override string Words => $"test {Range.Start.Value} + {Range.Frames}";
}

/// <summary>NX recovery: takes the table that maps a frame out of the roots, under the shared hold.</summary>
/// <param name="Gfn">The frame.</param>
/// <param name="InvalidToo">Out of invalid roots as well, as the kernel does.</param>
public sealed record RecoverAction(ulong Gfn, bool InvalidToo) : ScenarioAction
{
    protected override string Words => $"recover {Gfn}{(InvalidToo ? " all" : "")}";
}

/// <summary>Destroys the VM while the strategy's workers may be busy. Last action of the only thread, since nobody else may use a
/// VM that dies.</summary>
public sealed record DestroyAction : ScenarioAction
{
    protected override string Words => "destroy";
}
