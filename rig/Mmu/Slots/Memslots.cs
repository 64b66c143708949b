namespace Lab.Mmu;

/// <summary>Flags of a memslot, as KVM_SET_USER_MEMORY_REGION has them, and the internal mark of a slot that is going
/// away.</summary>
[Flags]
public enum MemslotFlags : uint
{
    None = 0,
    LogDirtyPages = 1,
    ReadOnly = 2,

    /// <summary>KVM_MEMSLOT_INVALID: faults on it are retried until the update is done.</summary>
    Invalid = 1u << 16,
}

/// <summary>A piece of guest memory. <see cref="Generation"/> and <see cref="Hva"/> change each time the slot is made
/// anew.</summary>
public readonly record struct Memslot(int Id, GfnRange Range, MemslotFlags Flags, ulong Generation, Hva Hva)
{
    /// <summary>Address of its bits in the dirty log; zero if it does not log.</summary>
    internal nint DirtyBits { get; init; }

    public bool IsInvalid => (Flags & MemslotFlags.Invalid) != 0;

    public bool IsReadOnly => (Flags & MemslotFlags.ReadOnly) != 0;
}

/// <summary>One version of the slots, sorted by nothing. Readers hold SRCU; a version that is published does not
/// change.</summary>
/// <remarks>A lookup is a scan, where the kernel has a tree: with many slots a fault on one of the last pays for all before it,
/// and an update copies them all. The guest's memory, which is made first, is found first. Where the kernel has the slots, no
/// fault looks here.</remarks>
public sealed class MemslotArray
{
    /// <summary>Most slots a VM can have. The kernel has 32,764; beyond this many, scans would be what is measured, and no freed
    /// frame would wait in line.</summary>
    public const int Capacity = 1536;

    private const int CapacityAtFirst = 4;

    // Grows up to Capacity: most VMs have two slots, and a VM has three versions of this array.
    private Memslot[] _slots = new Memslot[CapacityAtFirst];

    public int Count { get; private set; }

    /// <summary>Counts publications; an installed MMIO entry of another generation is stale.</summary>
    public ulong Generation { get; internal set; }

    public ReadOnlySpan<Memslot> Slots => _slots.AsSpan(0, Count);

    /// <summary>The slot that holds the frame; false if there is none.</summary>
    public bool TryFind(Gfn gfn, out Memslot slot)
    {
        foreach (ref readonly Memslot candidate in Slots)
        {
            if (!candidate.Range.Contains(gfn)) continue;
            slot = candidate;
            return true;
        }
        slot = default;
        return false;
    }

    public bool TryGet(int id, out Memslot slot)
    {
        foreach (ref readonly Memslot candidate in Slots)
        {
            if (candidate.Id != id) continue;
            slot = candidate;
            return true;
        }
        slot = default;
        return false;
    }

    public bool Overlaps(GfnRange range, int exceptId)
    {
        foreach (ref readonly Memslot slot in Slots) if (slot.Id != exceptId && slot.Range.Overlaps(range)) return true;
        return false;
    }

    /// <summary>Where else in the guest the memory of the range lies: at other slots over it.</summary>
    public IReadOnlyList<GfnRange> OtherPlaces(GfnRange range)
    {
        List<GfnRange> places = [];
        foreach (ref readonly Memslot slot in Slots)
        {
            if (!slot.Range.Overlaps(range)) continue;
            Gfn start = slot.Range.Start.Value < range.Start.Value ? range.Start : slot.Range.Start;
            ulong frames = Math.Min(slot.Range.End.Value, range.End.Value) - start.Value;
            foreach (ref readonly Memslot other in Slots)
            {
                if (other.Id == slot.Id || other.Hva != slot.Hva) continue;
                places.Add(GfnRange.Of(other.Range.Start.Value + (start.Value - slot.Range.Start.Value), frames));
            }
        }
        return places;
    }

    internal void CopyFrom(MemslotArray other)
    {
        if (_slots.Length < other.Count) Array.Resize(ref _slots, other._slots.Length);
        other.Slots.CopyTo(_slots);
        Count = other.Count;
        Generation = other.Generation;
    }

    internal void Set(in Memslot slot)
    {
        for (int index = 0; index < Count; index++)
        {
            if (_slots[index].Id != slot.Id) continue;
            _slots[index] = slot;
            return;
        }
        if (Count == _slots.Length) Array.Resize(ref _slots, Math.Min(Capacity, 2 * Count));
        _slots[Count++] = slot;
    }

    internal void Remove(int id)
    {
        for (int index = 0; index < Count; index++)
        {
            if (_slots[index].Id != id) continue;
            _slots[index] = _slots[--Count];
            return;
        }
    }
}

/// <summary>Why a memslot update was refused; nothing changed. Values mirror the errno of the ioctl.</summary>
public enum MemslotResult
{
    Done = 0,

    /// <summary>ENOENT: no slot of that number.</summary>
    NoSuchSlot = 2,

    /// <summary>EEXIST: the range overlaps another slot.</summary>
    Overlaps = 17,

    /// <summary>EINVAL: size, alignment or flags that an existing slot cannot take.</summary>
    Invalid = 22,
}
