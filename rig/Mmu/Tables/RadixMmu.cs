using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Page tables in native memory, walked in software: SPTEs in hardware format, concurrent fault install and zap by the
/// protocol of the TDP MMU (reference 11.3), tables freed after a grace period.</summary>
/// <remarks>Source: arch/x86/kvm/mmu/tdp_mmu.c and tdp_iter.c, Linux 6.16, unless a member says otherwise.</remarks>
public sealed unsafe partial class RadixMmu<TMachine, TShape> : IMmu, IAccessedBits, ILeafTables, ILargeLeafs, ILocklessFaults,
    IReclaim
    where TMachine : struct, IMachine
    where TShape : struct, ITableShape
{
    // SAFETY: tables are pages of the arena, which stay mapped for the life of the VM: a walk that comes too late reads poison. A
    // reclaimed node is what this MMU handed to CallRcu: a page of the arena or a header of the pool.
    private readonly TMachine _machine;
    private readonly VmSettings _settings;
    private readonly MmuLock _mmuLock;
    private readonly VcpuRequests _requests;
    private readonly Oracle _oracle;
    private readonly TableArena _arena;
    private readonly RootPool _roots;
    private readonly bool _ownsMemory;
    private readonly Rcu _rcu;
    private readonly PageLevel _leafLevel;

    /// <summary>Level of leafs that <see cref="Map"/> may install at once; none, if somebody is to be told of them.</summary>
    private PageLevel _quickLeafLevel;
    private ILeafIndex? _index;

    /// <summary>Who is told when a table is taken out of its tree; nobody on metal.</summary>
    internal ITableWatch? Watch { get; init; }

    public RadixMmu(TMachine machine, VmSettings settings, MmuLock mmuLock, VcpuRequests requests, Oracle oracle)
        : this(machine, settings, mmuLock, requests, oracle,
            new TableArena(settings.TableCapacity, TableShape<TShape>.Entries), new RootPool(), ownsMemory: true)
    {
    }

    /// <summary>With memory of the caller's unless it is said to be its own: the caller disposes of it then, and the machine
    /// hands back what <see cref="IMachine.CallRcu"/> was given.</summary>
    internal RadixMmu(TMachine machine, VmSettings settings, MmuLock mmuLock, VcpuRequests requests, Oracle oracle,
        TableArena arena, RootPool roots, bool ownsMemory)
    {
        _machine = machine;
        _settings = settings;
        _mmuLock = mmuLock;
        _requests = requests;
        _oracle = oracle;
        _leafLevel = _quickLeafLevel = settings.LeafLevel;
        _arena = arena;
        _roots = roots;
        _ownsMemory = ownsMemory;
        _rcu = new Rcu("page tables", ownsMemory ? this : null, settings.GracePeriodMin);
    }

    public string Name => "radix";

    public long TablePages => _arena.InUse;

    public long TablePagesMax => _arena.PeakInUse;

    public bool LoadsFlush => TShape.Flaw != MmuFlaw.LoadsWithoutFlush;

    public ZapSections Sections { get; } = new();

    /// <summary>The domain that protects walks over tables and over the list of roots.</summary>
    public Rcu Rcu => _rcu;

    public TableCache NewCache() => _arena.NewCache();

    public TdpRoot CreateRoot(TableCache cache, RootRole role)
    {
        ulong* table = cache.Take();
        if (table == null) return TdpRoot.None;
        RootHeader* header = _roots.Allocate(table, role);
        if (header == null)
        {
            cache.Return(table);
            return TdpRoot.None;
        }
        TablePage* page = _arena.PageOf(table);
        page->RootId = header->Id;
        page->Gfn = 0;
        page->Level = TableShape<TShape>.RootLevel;
        page->State = TableState.Linked;
        TdpRoot root = new(header);
        _machine.Actor.Counters.RootsCreated++;
        _machine.Record(MmuEventKind.GetPage, root.Id, level: TableShape<TShape>.RootLevel);
        return root;
    }

    public void FlushRemoteTlbs()
    {
        _machine.Actor.Counters.RemoteFlushes++;
        _machine.Record(MmuEventKind.FlushTlb);
        _requests.RaiseAll(_machine, VcpuRequests.FlushTlb);
    }

    public void FreeRoot(TdpRoot root) => _machine.CallRcu(_rcu, (nint)root.Header, RcuKind.Root);

    public long CountPresent(TdpRoot root, GfnRange range, PageLevel minLevel)
    {
        ulong* table = root.Table;
        Watch?.OnLook();
        return CountPresent(table, TableShape<TShape>.RootLevel, new Gfn(0), range, minLevel);
    }

    public void Dispose()
    {
        _rcu.Dispose();
        if (!_ownsMemory) return;
        _roots.Dispose();
        _arena.Dispose();
    }

    /// <summary>Reads behind the machine's back: an oracle's look is no step of the code that it watches.</summary>
    private static long CountPresent(ulong* table, PageLevel level, Gfn first, GfnRange range, PageLevel minLevel)
    {
        long present = 0;
        ulong frames = TableShape<TShape>.FramesPerEntry(level);
        for (int index = 0; index < TableShape<TShape>.Entries; index++)
        {
            Gfn gfn = first + (ulong)index * frames;
            ulong spte = Volatile.Read(ref table[index]);
            if (!Spte.IsPresent(spte) || !range.Overlaps(new GfnRange(gfn, gfn + frames))) continue;
            if (level <= minLevel || Spte.IsLeaf(spte, level)) present++;
            else present += CountPresent(TableBelow(spte), level - 1, gfn, range, minLevel);
        }
        return present;
    }

    /// <summary>Runs on the reclaimer's thread, after the node's grace period.</summary>
    void IReclaim.Reclaim(nint node, RcuKind kind)
    {
        if (kind == RcuKind.TablePage)
        {
            TablePage* page = (TablePage*)node;
            if (page->State != TableState.Detached)
            {
                _oracle.Report(Invariants.I16,
                    $"a level {page->Level:D} table of gfn 0x{page->Gfn:x} was freed while {page->State}", page->RootId);
                return;
            }
            _arena.Free(page);
            return;
        }
        ReclaimRoot((RootHeader*)node);
    }

    private void ReclaimRoot(RootHeader* header)
    {
        TdpRoot root = new(header);
        _machine.Record(MmuEventKind.FreeRoot, root.Id, (long)root.Count, invalid: true);
        if (header->State != (ulong)RootState.Unlinked)
        {
            _oracle.Report(Invariants.I2, $"{root} was freed while {(RootState)header->State}", root.Id);
            return;
        }
        long present = CountPresent(root, GfnRange.All, TableShape<TShape>.RootLevel);
        if (present != 0)
        {
            _oracle.Report(Invariants.I9,
                $"{root} was freed with {present} present entries in its top-level table: their tables are leaked", root.Id);
        }
        TablePage* page = _arena.PageOf(header->Table);
        page->State = TableState.Detached;
        // Dead first: who looks at a root without a reference and finds it alive afterwards has seen its own table.
        _roots.Free(header, _arena.DeadTable);
        _arena.Free(page);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ReportPoison(TdpRoot root, ulong gfn, PageLevel level) =>
        _oracle.Report(Invariants.I3, $"a walk of {root} read a freed level {level:D} table at gfn 0x{gfn:x}", root.Id);
}
