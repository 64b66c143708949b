namespace Lab.Mmu;

/// <summary>Which roots an iteration sees.</summary>
public enum RootFilter
{
    All,
    ValidOnly,
    InvalidOnly,
}

/// <summary>The VM's list of roots (kernel: tdp_mmu_roots): doubly linked in native memory, changed under
/// <see cref="PagesLock"/>, walked under RCU or mmu_lock.</summary>
/// <remarks>Insertion is at the head and publishes with release, so that a walker that meets a root sees it complete. A removed
/// root keeps its forward link, so that a walker that stands on it can go on. The list ends with a zero link.</remarks>
public sealed unsafe class RootList<TMachine> : IDisposable
    where TMachine : struct, IMachine
{
    private readonly TMachine _machine;
    private readonly bool _insertAtTail;
    private readonly NativeBlock _block = new(4096);
    private readonly RootHeader* _head;

    internal RootList(TMachine machine, bool insertAtTail)
    {
        _machine = machine;
        _insertAtTail = insertAtTail;
        // SAFETY: the sentinel lies in the block owned by this list; only its links are used.
        _head = (RootHeader*)_block.Address;
    }

    /// <summary>tdp_mmu_pages_lock: guards changes of the list. Taken inside mmu_lock.</summary>
    public TicketLock PagesLock { get; } = new("tdp_mmu_pages_lock") { GuardsOnlyWords = true };

    public TdpRoot First => TdpRoot.FromWord(_machine.Load(ref _head->Next));

    public bool IsEmpty => First.IsNone;

    /// <summary>The link to the first root, for an oracle that looks behind the machine's back.</summary>
    internal ulong* HeadLink => &_head->Next;

    /// <summary>Address of the list's own node.</summary>
    internal nint HeadNode => (nint)_head;

    public TdpRoot After(TdpRoot root) => TdpRoot.FromWord(_machine.Load(ref root.Header->Next));

    /// <summary>Links a complete root. Hold <see cref="PagesLock"/>.</summary>
    public void Add(TdpRoot root)
    {
        RootHeader* before = _head;
        ulong next = _machine.LoadRelaxed(ref before->Next);
        while (_insertAtTail && next != 0)
        {
            before = (RootHeader*)next;
            next = _machine.LoadRelaxed(ref before->Next);
        }
        RootHeader* node = root.Header;
        _machine.StoreRelaxed(ref node->Next, next);
        _machine.StoreRelaxed(ref node->Previous, (ulong)before);
        if (next != 0) _machine.StoreRelaxed(ref ((RootHeader*)next)->Previous, (ulong)node);
        _machine.Store(ref before->Next, (ulong)node);
    }

    /// <summary>True if the root is linked. Hold <see cref="PagesLock"/>.</summary>
    public bool Contains(TdpRoot root) => _machine.LoadRelaxed(ref root.Header->Previous) != 0;

    /// <summary>Unlinks the root; its forward link stays. Hold <see cref="PagesLock"/>.</summary>
    public void Remove(TdpRoot root)
    {
        RootHeader* node = root.Header;
        RootHeader* before = (RootHeader*)_machine.LoadRelaxed(ref node->Previous);
        ulong next = _machine.LoadRelaxed(ref node->Next);
        _machine.Store(ref before->Next, next);
        if (next != 0) _machine.StoreRelaxed(ref ((RootHeader*)next)->Previous, (ulong)before);
        _machine.StoreRelaxed(ref node->Previous, 0);
    }

    public int CountRoots()
    {
        int count = 0;
        for (TdpRoot root = First; !root.IsNone; root = After(root)) count++;
        return count;
    }

    public void Dispose()
    {
        PagesLock.Dispose();
        _block.Dispose();
    }
}
