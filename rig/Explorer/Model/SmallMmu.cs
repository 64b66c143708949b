using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Page tables of two levels with a few entries each, by the same protocol as the radix MMU (reference 11.3): CAS to
/// link and to install, CAS to detach under the shared hold, entries of detached tables parked as frozen, yields between entries,
/// tables freed after a grace period.</summary>
/// <remarks>Small, so that all schedules of a whole fast zap can be explored: a strategy's steps are the source's own, the tree
/// below them is the smallest that has a subtree to be caught in. The 1 GiB and the root pass of the sources fall
/// together.</remarks>
internal sealed unsafe class SmallMmu : IMmu, IAccessedBits, ILeafTables, IReclaim
{
    // SAFETY: headers and tables are SmallMemory's: mapped for as long as the program lives, and poisoned, not reused, when
    // freed. An index is a frame's remainder by the number of entries.
    /// <summary>Level of a root's table.</summary>
    public const PageLevel RootLevel = PageLevel.Size2M;

    private readonly Explored _machine;
    private readonly AgentController _agents;
    private readonly MmuLock _mmuLock;
    private readonly VcpuRequests _requests;
    private readonly Oracle _oracle;
    private readonly Rcu _rcu = new("page tables");
    private readonly SmallMemory _memory;
    private readonly int _entries;
    private ILeafIndex? _index;

    public SmallMmu(Explored machine, AgentController agents, Vm<Explored> vm, SmallMemory memory, int entries)
    {
        _machine = machine;
        _agents = agents;
        _mmuLock = vm.MmuLock;
        _requests = vm.Requests;
        _oracle = vm.Oracle;
        _memory = memory;
        _entries = entries;
    }

    public string Name => "small";

    public Rcu Rcu => _rcu;

    public long TablePages => _memory.TablesInUse;

    public long TablePagesMax => _memory.TablesInUseMax;

    /// <summary>Nothing is timed here.</summary>
    public ZapSections Sections { get; } = new();

    /// <summary>Tables are made when they are needed.</summary>
    public TableCache NewCache() => new(arena: null);

    public TdpRoot CreateRoot(TableCache cache, RootRole role)
    {
        int agent = _agents.CurrentIndex;
        ulong* table = _memory.NewTable(agent, 0, RootLevel, 0);
        RootHeader* header = table == null ? null : _memory.NewRoot(agent, table, role);
        if (header == null) return TdpRoot.None;
        _memory.InfoOf(table).RootId = header->Id;
        return new TdpRoot(header);
    }

    public MapOutcome Map(TableCache cache, TdpRoot root, in Mapping mapping)
    {
        ulong gfn = mapping.Gfn.Value;
        ref ulong top = ref root.Table[gfn / (ulong)_entries];
        ulong old = _machine.Load(ref top);
        if (!Spte.IsPresent(old))
        {
            if (old != Spte.NonPresent) return MapOutcome.Retry;
            int agent = _agents.CurrentIndex;
            ulong* child = _memory.NewTable(agent, root.Id, Spte.LeafLevel, gfn / (ulong)_entries * (ulong)_entries);
            if (child == null) return MapOutcome.NoMemory;
            ulong link = Spte.MakeNonLeaf((ulong)child);
            ulong found = _machine.CompareExchange(ref top, link, Spte.NonPresent);
            if (found != Spte.NonPresent) _memory.DropTable(agent, child);
            old = found == Spte.NonPresent ? link : found;
            if (!Spte.IsPresent(old)) return MapOutcome.Retry;
            CheckInstall(root, gfn);
        }

        ref ulong leaf = ref ((ulong*)Spte.Address(old))[gfn % (ulong)_entries];
        ulong fresh = Spte.MakeLeaf(mapping.Hva, Spte.LeafLevel, mapping.MayWrite, mapping.Write);
        ulong present = _machine.Load(ref leaf);
        if (present != Spte.NonPresent)
        {
            if (!Spte.IsPresent(present)) return MapOutcome.Retry;
            bool enough = !mapping.Write || Spte.IsWritable(present);
            if (enough && Spte.Address(present) == Spte.Address(fresh)) return MapOutcome.Spurious;
            fresh |= present & Spte.Dirty;
        }
        if (_machine.CompareExchange(ref leaf, fresh, present) != present) return MapOutcome.Retry;
        if (present == Spte.NonPresent) _index?.Add(mapping.Gfn, ref leaf);
        CheckInstall(root, gfn);
        _agents.Watch?.OnInstalled(root, mapping.Gfn);
        return MapOutcome.Fixed;
    }

    public WalkOutcome Walk(TdpRoot root, Gfn gfn, bool write, out ulong spte)
    {
        while (true)
        {
            spte = _machine.Load(ref root.Table[gfn.Value / (ulong)_entries]);
            if (!Spte.IsPresent(spte)) return spte == Spte.Poison ? WalkOutcome.FreedTable : WalkOutcome.Fault;
            ref ulong leaf = ref ((ulong*)Spte.Address(spte))[gfn.Value % (ulong)_entries];
            spte = _machine.Load(ref leaf);
            if (!Spte.IsPresent(spte) || (write && !Spte.IsWritable(spte)))
            {
                return spte == Spte.Poison ? WalkOutcome.FreedTable : WalkOutcome.Fault;
            }
            ulong used = spte | Spte.Accessed | (write ? Spte.Dirty : 0);
            if (used == spte || _machine.CompareExchange(ref leaf, used, spte) == spte) return WalkOutcome.Ok;
        }
    }

    public void ZapRoot(TdpRoot root, MmuHold hold, ZapPasses passes, bool mayYield, IZapHooks? hooks)
    {
        _machine.Record(MmuEventKind.ZapRoot, root, level: 0, hold.IsShared);
        if (passes == ZapPasses.Fine) ZapLeafsOf(root, hold, mayYield);
        _machine.EnterRcu(_rcu);
        ulong* table = root.Table;
        for (int index = 0; index < _entries; index++)
        {
            if (index > 0 && mayYield) YieldIfContended(hold);
            ref ulong entry = ref table[index];
            while (true)
            {
                ulong old = _machine.Load(ref entry);
                if (!Spte.IsPresent(old)) break;
                hooks?.OnDetach(root);
                _agents.Watch?.EnterSubtree(root);
                bool detached = hold.IsExclusive
                    ? _machine.Exchange(ref entry, Spte.NonPresent) == old
                    : _machine.CompareExchange(ref entry, Spte.NonPresent, old) == old;
                if (detached) HandleRemoved((ulong*)Spte.Address(old), hold);
                _agents.Watch?.LeaveSubtree(root);
                hooks?.OnSubtreeDone(root);
                if (detached) break;
            }
        }
        _machine.ExitRcu(_rcu);
    }

    public bool ZapLeafs(TdpRoot root, GfnRange range, ExclusiveHold hold, bool mayYield, bool flush)
    {
        MmuHold held = hold;
        _machine.EnterRcu(_rcu);
        for (ulong gfn = range.Start.Value; gfn < Math.Min(range.End.Value, (ulong)(_entries * _entries)); gfn++)
        {
            if (gfn > range.Start.Value && mayYield && _machine.IsContended(_mmuLock))
            {
                if (flush) FlushRemoteTlbs();
                flush = false;
                Yield(held);
            }
            ulong top = _machine.Load(ref root.Table[gfn / (ulong)_entries]);
            if (!Spte.IsPresent(top)) continue;
            ref ulong leaf = ref ((ulong*)Spte.Address(top))[gfn % (ulong)_entries];
            if (!Spte.IsPresent(_machine.Load(ref leaf))) continue;
            _machine.Exchange(ref leaf, Spte.NonPresent);
            _index?.Remove(new Gfn(gfn), ref leaf);
            flush = true;
        }
        _machine.ExitRcu(_rcu);
        return flush;
    }

    public bool WriteProtect(TdpRoot root, GfnRange range, MmuHold hold)
    {
        bool flush = false;
        _machine.EnterRcu(_rcu);
        for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++)
        {
            if (gfn > range.Start.Value) YieldIfContended(hold);
            ulong top = _machine.Load(ref root.Table[gfn / (ulong)_entries]);
            if (!Spte.IsPresent(top)) continue;
            ref ulong leaf = ref ((ulong*)Spte.Address(top))[gfn % (ulong)_entries];
            for (ulong old = _machine.Load(ref leaf); Spte.IsPresent(old) && Spte.IsWritable(old);)
            {
                ulong found = _machine.CompareExchange(ref leaf, old & ~Spte.Writable, old);
                if (found == old)
                {
                    flush = true;
                    break;
                }
                old = found;
            }
        }
        _machine.ExitRcu(_rcu);
        return flush;
    }

    public bool ZapTable(TdpRoot root, Gfn gfn, MmuHold hold, IZapHooks? hooks)
    {
        ref ulong entry = ref root.Table[gfn.Value / (ulong)_entries];
        ulong old = _machine.Load(ref entry);
        if (!Spte.IsPresent(old)) return false;
        hooks?.OnDetach(root);
        _agents.Watch?.EnterSubtree(root);
        bool detached = hold.IsExclusive
            ? _machine.Exchange(ref entry, Spte.NonPresent) == old
            : _machine.CompareExchange(ref entry, Spte.NonPresent, old) == old;
        if (detached)
        {
            _agents.Watch?.OnTableTaken(root, GfnRange.Of(gfn.Value / (ulong)_entries * (ulong)_entries, (ulong)_entries));
            HandleRemoved((ulong*)Spte.Address(old), hold);
        }
        _agents.Watch?.LeaveSubtree(root);
        hooks?.OnSubtreeDone(root);
        return detached;
    }

    public bool ClearAccessed(TdpRoot root, GfnRange range)
    {
        bool young = false;
        for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++)
        {
            ulong top = _machine.Load(ref root.Table[gfn / (ulong)_entries]);
            if (!Spte.IsPresent(top)) continue;
            ref ulong leaf = ref ((ulong*)Spte.Address(top))[gfn % (ulong)_entries];
            ulong old = _machine.Load(ref leaf);
            if (!Spte.IsPresent(old) || (old & Spte.Accessed) == 0) continue;
            _machine.CompareExchange(ref leaf, old & ~Spte.Accessed, old);
            young = true;
        }
        return young;
    }

    public bool TestAccessed(TdpRoot root, GfnRange range)
    {
        for (ulong gfn = range.Start.Value; gfn < range.End.Value; gfn++)
        {
            ulong top = _machine.Load(ref root.Table[gfn / (ulong)_entries]);
            if (!Spte.IsPresent(top)) continue;
            ulong old = _machine.Load(ref ((ulong*)Spte.Address(top))[gfn % (ulong)_entries]);
            if (Spte.IsPresent(old) && (old & Spte.Accessed) != 0) return true;
        }
        return false;
    }

    public void TellOfLeafs(ILeafIndex index) => _index = index;

    public void FlushRemoteTlbs()
    {
        _machine.Record(MmuEventKind.FlushTlb);
        _requests.RaiseAll(_machine, VcpuRequests.FlushTlb);
    }

    public void FreeRoot(TdpRoot root) => _machine.CallRcu(_rcu, (nint)root.Header, RcuKind.Root);

    /// <summary>Read behind the machine's back: an oracle's look takes no time and is no step.</summary>
    public long CountPresent(TdpRoot root, GfnRange range, PageLevel minLevel)
    {
        long present = 0;
        for (int index = 0; index < _entries; index++)
        {
            ulong top = root.Table[index];
            if (!Spte.IsPresent(top)) continue;
            if (minLevel > Spte.LeafLevel)
            {
                present++;
                continue;
            }
            for (int below = 0; below < _entries; below++)
            {
                if (range.Contains(new Gfn((ulong)(index * _entries + below)))
                    && Spte.IsPresent(((ulong*)Spte.Address(top))[below]))
                {
                    present++;
                }
            }
        }
        return present;
    }

    public void Reclaim(nint node, RcuKind kind)
    {
        if (kind == RcuKind.TablePage)
        {
            ulong* table = (ulong*)node;
            if (_memory.InfoOf(table).State != TableState.Detached)
            {
                _oracle.Report(Invariants.I16, $"a table was freed while {_memory.InfoOf(table).State}", 0);
            }
            else FreeTable(table);
            return;
        }
        TdpRoot root = new((RootHeader*)node);
        string name = SmallMemory.NameOf(root);
        if (root.Header->State != (ulong)RootState.Unlinked)
        {
            _oracle.Report(Invariants.I2, $"root {name} was freed while {(RootState)root.Header->State}", root.Id);
            return;
        }
        long present = CountPresent(root, GfnRange.All, RootLevel);
        if (present != 0)
        {
            _oracle.Report(Invariants.I9,
                $"root {name} was freed with {present} present entries in its table: their tables are leaked", root.Id);
        }
        FreeTable(root.Header->Table);
        _memory.FreeRoot(root.Header);
        _agents.NoteFreed(node, RootHeader.Stride);
    }

    public void Dispose() => _rcu.Dispose();

    private void FreeTable(ulong* table)
    {
        _memory.FreeTable(table);
        _agents.NoteFreed((nint)table, _entries * sizeof(ulong));
    }

    private void ZapLeafsOf(TdpRoot root, MmuHold hold, bool mayYield)
    {
        _machine.EnterRcu(_rcu);
        for (int gfn = 0; gfn < _entries * _entries; gfn++)
        {
            if (gfn > 0 && gfn % _entries == 0 && mayYield) YieldIfContended(hold);
            ulong top = _machine.Load(ref root.Table[gfn / _entries]);
            if (!Spte.IsPresent(top))
            {
                gfn += _entries - 1;
                continue;
            }
            ref ulong leaf = ref ((ulong*)Spte.Address(top))[gfn % _entries];
            for (ulong old = _machine.Load(ref leaf); Spte.IsPresent(old);)
            {
                ulong found = _machine.CompareExchange(ref leaf, Spte.NonPresent, old);
                if (found == old)
                {
                    _index?.Remove(new Gfn((ulong)gfn), ref leaf);
                    break;
                }
                old = found;
            }
        }
        _machine.ExitRcu(_rcu);
    }

    /// <summary>handle_removed_pt: the table is out of reach; under the shared hold a fault may still write into it.</summary>
    private void HandleRemoved(ulong* table, MmuHold hold)
    {
        if (_memory.InfoOf(table).State != TableState.Linked)
        {
            _oracle.Report(Invariants.I16, $"a table was taken down while {_memory.InfoOf(table).State}",
                _memory.InfoOf(table).RootId);
            return;
        }
        _memory.InfoOf(table).State = TableState.Detached;
        for (int index = 0; index < _entries; index++)
        {
            Backoff backoff = default;
            ulong old;
            while (Spte.IsFrozen(old = _machine.Exchange(ref table[index], Spte.Frozen))) _machine.Relax(ref backoff);
            if (Spte.IsPresent(old)) _index?.Remove(new Gfn(_memory.InfoOf(table).Gfn + (ulong)index), ref table[index]);
        }
        _machine.CallRcu(_rcu, (nint)table, RcuKind.TablePage);
    }

    private void YieldIfContended(MmuHold hold)
    {
        if (_machine.IsContended(_mmuLock)) Yield(hold);
    }

    private void Yield(MmuHold hold)
    {
        _machine.ExitRcu(_rcu);
        if (hold.IsExclusive) _machine.YieldExclusive(_mmuLock);
        else _machine.YieldShared(_mmuLock);
        _machine.EnterRcu(_rcu);
    }

    private void CheckInstall(TdpRoot root, ulong gfn)
    {
        if ((root.Role & RootRole.Invalid) == 0) return;
        _oracle.Report(Invariants.I9, $"gfn 0x{gfn:x} was mapped in root {SmallMemory.NameOf(root)}, which is invalid", root.Id);
    }
}
