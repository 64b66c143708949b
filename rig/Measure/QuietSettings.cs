namespace Lab.Measure;

/// <summary>
/// What a run asks of the machine so that it measures the strategy and not the machine. Each part needs no more privilege than its own; what cannot be
/// had is a note in <see cref="MeasuredRun.Notes"/> and never an error.
/// </summary>
public sealed record QuietSettings
{
    /// <summary>Below the kernel's own threads of default priority, which a measuring thread must not keep waiting.</summary>
    public const int FifoPriorityDefault = 49;

    /// <summary>
    /// The first updater runs on the first allowed core, where the kernel thread that wakes it usually runs; all others share the
    /// cores after it. Goes before <see cref="WindowSettings.Pinning"/>.
    /// </summary>
    public bool Pin { get; init; }

    /// <summary>Idle cores do not sleep from before the warm-up to after the last actor has ended.</summary>
    public bool HoldOffIdleStates { get; init; }

    /// <summary>
    /// SCHED_FIFO for actors of <see cref="ActorRole.Updater"/>, and only for one that is pinned to a core on which no other actor runs:
    /// it would starve whoever shares it. Not held while an actor prepares, since preparing may spin until others get on.
    /// </summary>
    public bool Fifo { get; init; }

    public int FifoPriority { get; init; } = FifoPriorityDefault;

    public bool IsNone => !Pin && !HoldOffIdleStates && !Fifo;
}
