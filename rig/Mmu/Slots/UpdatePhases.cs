using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Where the time of one memslot update went. Names are those of the result files.</summary>
public enum UpdatePhase
{
    /// <summary>Grace periods of the memslots (SRCU).</summary>
    Srcu,

    /// <summary>Waiting for mmu_lock, exclusive.</summary>
    LockWait,

    /// <summary>Marking the roots, inside the exclusive section.</summary>
    Invalidate,

    /// <summary>Requesting the reload on all vCPUs and waiting until they have left the guest.</summary>
    ReloadWait,

    /// <summary>From the end of the exclusive section until every invalidated root is zapped.</summary>
    ZapWait,

    /// <summary>The rest.</summary>
    Other,

    /// <summary>Waiting for notifiers before each swap of the memslots. Does not occur with a notifier that lets them change at
    /// any time.</summary>
    SwapWait,
}

/// <summary>Nanoseconds of the last update by phase; written by the updater under slots_lock, read by it afterwards.</summary>
public sealed class UpdatePhases
{
    public const int Count = 7;

    private static readonly string[] PhaseNames =
        ["srcu", "lock_wait", "invalidate", "reload_wait", "zap_wait", "other", "swap_wait"];
    private Values _values;

    public static IReadOnlyList<string> Names => PhaseNames;

    public ReadOnlySpan<long> Nanoseconds => _values;

    internal void Clear()
    {
        _values = default;
        _values[(int)UpdatePhase.SwapWait] = -1;
    }

    internal void Add(UpdatePhase phase, long nanoseconds) =>
        _values[(int)phase] = Math.Max(0, _values[(int)phase]) + nanoseconds;

    /// <summary>Books what is not booked yet of <paramref name="total"/> as other.</summary>
    internal void Close(long total)
    {
        long booked = 0;
        foreach (long part in Nanoseconds) booked += Math.Max(0, part);
        Add(UpdatePhase.Other, Math.Max(0, total - booked));
    }

    [InlineArray(Count)]
    private struct Values
    {
        private long _first;
    }
}
