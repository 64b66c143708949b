namespace Lab.Mmu;

/// <summary>Table pages that a vCPU holds ready, so that a fault never allocates under mmu_lock (kernel:
/// mmu_topup_memory_caches). Owned by one thread.</summary>
public unsafe class TableCache
{
    // SAFETY: addresses come from the arena, whose pages stay mapped for the life of the VM, and are handed out once.
    /// <summary>Enough for a root and every level below it.</summary>
    private const int Size = 6;

    private readonly TableArena? _arena;
    private readonly nint[] _tables = new nint[Size];
    private int _first;
    private int _count;

    internal TableCache(TableArena? arena) => _arena = arena;

    /// <summary>Fills the cache. False if the arena is exhausted.</summary>
    public bool TopUp()
    {
        while (_count < Size)
        {
            if (_arena is null) return true;
            ulong* table = _arena.Allocate();
            if (table == null) return false;
            _tables[(_first + _count++) % Size] = (nint)table;
        }
        return true;
    }

    /// <summary>Gives the pages back.</summary>
    public void Drain()
    {
        while (_count > 0) _arena!.Free(_arena.PageOf(Take()));
    }

    /// <summary>A zeroed page, or null if the cache was not topped up far enough. First in, first out: tables of neighbouring
    /// frames then lie in the order of the frames, as the arena hands them out, and a walk in that order is what the processor
    /// prefetches.</summary>
    internal virtual ulong* Take()
    {
        if (_count == 0) return null;
        ulong* table = (ulong*)_tables[_first];
        _first = (_first + 1) % Size;
        _count--;
        return table;
    }

    /// <summary>Takes back the page that was taken last; it was not linked and must still be zero.</summary>
    internal virtual void Return(ulong* table)
    {
        _first = (_first + Size - 1) % Size;
        _tables[_first] = (nint)table;
        _count++;
    }
}
