namespace Lab.Mmu;

/// <summary>Headers for roots, in native memory. Freed headers stay poisoned and wait in line before they are used again, so that
/// a use after free is seen as one instead of hitting somebody else's root.</summary>
internal unsafe class RootPool : IDisposable
{
    /// <summary>Roots that can exist at a time, dead ones in quarantine included. It bounds the backlog of a strategy whose
    /// worker cannot keep up with the roots that vCPUs throw away: a vCPU that finds none waits.</summary>
    private const int Capacity = 4096;

    private static ulong LastId;
    private readonly NativeBlock _block = new((long)Capacity * RootHeader.Stride);
    private readonly Queue<nint> _quarantine = new();
    private readonly TicketLock _lock = new("root headers");
    private int _used;

    /// <summary>Makes a live header with count zero and no links, or null if all are taken.</summary>
    internal virtual RootHeader* Allocate(ulong* table, RootRole role)
    {
        RootHeader* header = null;
        _lock.Enter();
        if (_used < Capacity) header = (RootHeader*)(_block.Address + (long)_used++ * RootHeader.Stride);
        else if (_quarantine.TryDequeue(out nint oldest)) header = (RootHeader*)oldest;
        _lock.Exit();
        if (header == null) return null;
        Make(header, Interlocked.Increment(ref LastId), table, role);
        return header;
    }

    /// <summary>Makes a live header of one that is nobody else's.</summary>
    protected static void Make(RootHeader* header, ulong id, ulong* table, RootRole role)
    {
        // SAFETY: the header lies in the caller's block.
        *header = default;
        header->Id = id;
        header->Table = table;
        header->Role = role.Word;
        header->State = (ulong)RootState.Live;
    }

    /// <summary>Poisons the header. Links stay, so that a reader that still stands on it can walk off it.</summary>
    /// <param name="header">A root that is off the list, its grace period over.</param>
    /// <param name="deadTable">Poisoned table that a walk of the dead root reads.</param>
    internal virtual void Free(RootHeader* header, ulong* deadTable)
    {
        Poison(header, deadTable);
        _lock.Enter();
        _quarantine.Enqueue((nint)header);
        _lock.Exit();
    }

    protected static void Poison(RootHeader* header, ulong* deadTable)
    {
        header->Count = RootHeader.PoisonCount;
        header->Table = deadTable;
        Volatile.Write(ref header->State, (ulong)RootState.Dead);
    }

    public void Dispose()
    {
        _lock.Dispose();
        _block.Dispose();
    }
}
