namespace Lab.Mmu;

/// <summary>A vCPU's translation cache: direct-mapped, in native memory, forgetting only when told to. That it keeps translations
/// is the point: a flush that is missing becomes visible. Owned by the vCPU's thread.</summary>
internal sealed unsafe class SoftTlb : IDisposable
{
    internal const int Places = EntryCount;

    private const int EntryCount = 256;
    private const int EpochShift = 40;
    private readonly NativeBlock _block = new(EntryCount * sizeof(Entry));
    private readonly Entry* _entries;
    private ulong _epoch = 1;

    // SAFETY: the block holds EntryCount entries and lives as long as this object; indices are masked.
    internal SoftTlb() => _entries = (Entry*)_block.Address;

    /// <summary>True if a translation is cached that allows the access. A write needs the dirty bit set already, as in
    /// hardware.</summary>
    internal bool TryGet(Gfn gfn, bool write, out ulong spte)
    {
        Entry* entry = _entries + (gfn.Value & (EntryCount - 1));
        spte = entry->Spte;
        if (entry->Tag != (gfn.Value | (_epoch << EpochShift))) return false;
        return !write || (spte & (Spte.Writable | Spte.Dirty)) == (Spte.Writable | Spte.Dirty);
    }

    internal void Insert(Gfn gfn, ulong spte)
    {
        Entry* entry = _entries + (gfn.Value & (EntryCount - 1));
        entry->Tag = gfn.Value | (_epoch << EpochShift);
        entry->Spte = spte;
    }

    /// <summary>The translation in a place of the cache, if there is one; places are counted to <see cref="Places"/>.</summary>
    internal bool TryGetAt(int place, out Gfn gfn, out ulong spte)
    {
        Entry* entry = _entries + (place & (EntryCount - 1));
        gfn = new Gfn(entry->Tag & ((1UL << EpochShift) - 1));
        spte = entry->Spte;
        return entry->Tag >> EpochShift == (_epoch << EpochShift) >> EpochShift;
    }

    /// <summary>Changes whenever everything is forgotten.</summary>
    internal ulong Epoch => _epoch;

    /// <summary>Forgets everything.</summary>
    internal void Flush()
    {
        _epoch++;
        if (_epoch << EpochShift != 0) return;
        // The epoch wrapped: tags of long ago would look new.
        new Span<Entry>(_entries, EntryCount).Clear();
        _epoch = 1;
    }

    public void Dispose() => _block.Dispose();

    private struct Entry
    {
        public ulong Tag;
        public ulong Spte;
    }
}
