using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Life of a table page.</summary>
internal enum TableState
{
    Free,

    /// <summary>Zeroed and in a vCPU's cache, linked nowhere.</summary>
    Cached,
    Linked,

    /// <summary>Out of its tree; freed after a grace period.</summary>
    Detached,
}

/// <summary>What is known about one table page beside its 512 entries (kernel: struct kvm_mmu_page).</summary>
internal unsafe struct TablePage
{
    public RcuHead Rcu;
    public ulong Gfn;
    public ulong RootId;
    public PageLevel Level;
    public TableState State;
    public nint NextFree;

    /// <summary>Level and state in one word, for a look that the machine is to know of.</summary>
    internal static ulong* WordOfState(TablePage* page) => (ulong*)&page->Level;
}

/// <summary>Page-table pages in native memory: a reservation with a free list. Freed pages are filled with
/// <see cref="Spte.Poison"/>, so that a walk that still reads one is noticed; pages are zeroed when they are handed
/// out.</summary>
/// <remarks>Any thread may allocate and free; the list is under a spin lock of its own.</remarks>
internal unsafe class TableArena : IDisposable
{
    /// <summary>From one table to the next: an SPTE has room for addresses of whole pages only.</summary>
    internal const int TableBytes = Spte.EntriesPerTable * sizeof(ulong);

    private readonly NativeBlock _tables;
    private readonly NativeBlock _pages;
    private readonly byte* _base;
    private readonly TablePage* _page;
    private readonly long _capacity;
    private readonly int _entries;
    private readonly TicketLock _lock = new("page-table arena");
    private nint _free;
    private long _everUsed;
    private long _inUse;

    internal TableArena(long capacity, int entries)
    {
        _entries = entries;
        _capacity = capacity + 1;
        _tables = new NativeBlock(_capacity * TableBytes);
        _pages = new NativeBlock(_capacity * sizeof(TablePage));
        _base = _tables.Address;
        _page = (TablePage*)_pages.Address;
        _everUsed = 1;
        _page->State = TableState.Linked;
        _page->Level = RootRole.Normal.Level;
        new Span<ulong>(DeadTable, entries).Fill(Spte.Poison);
    }

    /// <summary>Where the header of a freed root points: a poisoned table that is never handed out. A walk of such a root ends at
    /// its first entry and is noticed there, without a test on the way.</summary>
    internal ulong* DeadTable => (ulong*)_base;

    /// <summary>Pages handed out and not yet freed: linked, cached, and zombies that wait for their grace period.</summary>
    internal long InUse => Volatile.Read(ref _inUse);

    internal long PeakInUse { get; private set; }

    internal long Capacity => _capacity - 1;

    /// <summary>For one vCPU.</summary>
    internal virtual TableCache NewCache() => new(this);

    /// <summary>A zeroed table page in state Cached, or null if the arena is exhausted.</summary>
    internal virtual ulong* Allocate()
    {
        TablePage* page;
        _lock.Enter();
        if (_free != 0)
        {
            page = (TablePage*)_free;
            _free = page->NextFree;
        }
        else if (_everUsed < _capacity)
        {
            page = _page + _everUsed++;
        }
        else
        {
            _lock.Exit();
            return null;
        }
        _inUse++;
        if (_inUse > PeakInUse) PeakInUse = _inUse;
        _lock.Exit();

        return Clear(page);
    }

    /// <summary>Poisons the page and puts it on the free list. Nobody may be able to reach it any more.</summary>
    internal virtual void Free(TablePage* page)
    {
        Poison(page);
        _lock.Enter();
        page->NextFree = _free;
        _free = (nint)page;
        _inUse--;
        _lock.Exit();
    }

    /// <summary>The page is handed out, zeroed.</summary>
    protected ulong* Clear(TablePage* page)
    {
        page->State = TableState.Cached;
        ulong* table = TableOf(page);
        // SAFETY: the page lies in the arena and is nobody else's now.
        new Span<ulong>(table, _entries).Clear();
        return table;
    }

    /// <summary>Marks the page as free; whoever still reads it is noticed.</summary>
    protected void Poison(TablePage* page)
    {
        new Span<ulong>(TableOf(page), _entries).Fill(Spte.Poison);
        page->State = TableState.Free;
    }

    // SAFETY (both): tables and their records lie at the same index of two blocks owned by this arena.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal TablePage* PageOf(ulong* table) => _page + ((byte*)table - _base) / TableBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong* TableOf(TablePage* page) => (ulong*)(_base + (page - _page) * TableBytes);

    public void Dispose()
    {
        _lock.Dispose();
        _tables.Dispose();
        _pages.Dispose();
    }
}
