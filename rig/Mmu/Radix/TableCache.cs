namespace Lab.Mmu;

/// <summary>
/// Table pages that a vCPU holds ready, so that a fault never allocates under mmu_lock (kernel: mmu_topup_memory_caches).
/// Owned by one thread.
/// </summary>
public sealed unsafe class TableCache
{
    /// <summary>Enough for a root and every level below it.</summary>
    private const int Size = 6;

    private readonly TableArena? _arena;
    private readonly nint[] _tables = new nint[Size];
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
            _tables[_count++] = (nint)table;
        }
        return true;
    }

    /// <summary>Gives the pages back.</summary>
    public void Drain()
    {
        while (_count > 0) _arena!.Free(_arena.PageOf((ulong*)_tables[--_count]));
    }

    /// <summary>A zeroed page, or null if the cache was not topped up far enough.</summary>
    internal ulong* Take() => _count == 0 ? null : (ulong*)_tables[--_count];

    /// <summary>Takes a page back that was not linked; it must still be zero.</summary>
    internal void Return(ulong* table) => _tables[_count++] = (nint)table;
}
