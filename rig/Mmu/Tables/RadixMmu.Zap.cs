using System.Runtime.CompilerServices;

namespace Lab.Mmu;

/// <summary>Taking mappings down: whole roots, ranges of leafs, write protection.</summary>
public sealed unsafe partial class RadixMmu<TMachine, TShape>
{
    // SAFETY: tables are pages of the arena, which stay mapped for the life of the VM: a walk that comes too late reads poison. A
    // run of entries ends at the end of its table at the latest.
    /// <inheritdoc/>
    /// <remarks>tdp_mmu_zap_root: one pass per granularity, upward. The event is recorded once per pass, or once if the passes
    /// are fine, as the kernels of the time did.</remarks>
    public void ZapRoot(TdpRoot root, MmuHold hold, ZapPasses passes, bool mayYield, IZapHooks? hooks)
    {
        if (_settings.Passes != ZapPasses.AsSource) passes = _settings.Passes;
        PageLevel first = passes switch
        {
            ZapPasses.Fine => Spte.LeafLevel,
            ZapPasses.Tables => Spte.LeafLevel + 1,
            ZapPasses.Coarse => TableShape<TShape>.CoarseLevel,
            _ => TableShape<TShape>.RootLevel,
        };
        if (passes == ZapPasses.Fine) _machine.Record(MmuEventKind.ZapRoot, root, level: 0, hold.IsShared);
        for (PageLevel level = first; level <= TableShape<TShape>.RootLevel; level++)
        {
            if (passes != ZapPasses.Fine) _machine.Record(MmuEventKind.ZapRoot, root, level, hold.IsShared);
            ZapPass(root, hold, level, mayYield, hooks);
        }
    }

    /// <summary>One pass: every present SPTE at <paramref name="zapLevel"/> and below becomes non-present, together with what
    /// hangs under it.</summary>
    public void ZapPass(TdpRoot root, MmuHold hold, PageLevel zapLevel, bool mayYield, IZapHooks? hooks)
    {
        Pacer pacer = BeginWalk(mayYield);
        _machine.EnterRcu(_rcu);
        TdpIter<TMachine, TShape> iter = new(_machine, root.Table, zapLevel, GfnRange.All);
        while (iter.Valid)
        {
            if (mayYield && ShouldYield(ref iter, ref pacer)) Yield(ref iter, ref pacer, hold);
            else if (iter.Level == Spte.LeafLevel && _index is null) ZapLeafTable(root, ref iter, ref pacer, hold, mayYield);
            else if (!ZapEntry(root, ref iter, ref pacer, hold, zapLevel, hooks)) continue;
            iter.Next();
            pacer.Entries++;
        }
        _machine.ExitRcu(_rcu);
        pacer.EndSection();
    }

    /// <inheritdoc/>
    /// <remarks>tdp_mmu_zap_leafs. Before a yield the TLBs are flushed: who gets the lock meanwhile may finish a notifier and let
    /// the host free the pages. Entries that hardware may change are exchanged, the others stored.</remarks>
    public bool ZapLeafs(TdpRoot root, GfnRange range, ExclusiveHold hold, bool mayYield, bool flush)
    {
        Pacer pacer = BeginWalk(mayYield);
        _machine.EnterRcu(_rcu);
        TdpIter<TMachine, TShape> iter = new(_machine, root.Table, Spte.LeafLevel, range);
        for (; iter.Valid; iter.Next(), pacer.Entries++)
        {
            if (mayYield && ShouldYield(ref iter, ref pacer))
            {
                if (flush && TShape.Flaw != MmuFlaw.YieldsOwingFlush) FlushRemoteTlbs();
                flush = false;
                Yield(ref iter, ref pacer, hold);
                continue;
            }
            if (!Spte.IsPresent(iter.OldSpte) || !Spte.IsLeaf(iter.OldSpte, iter.Level)) continue;
            ZapExclusively(ref *iter.Sptep, iter.OldSpte);
            _index?.Remove(iter.Gfn, ref *iter.Sptep);
            pacer.Counters.LeafsZapped++;
            flush = true;
        }
        _machine.ExitRcu(_rcu);
        pacer.EndSection();
        return flush;
    }

    /// <inheritdoc/>
    /// <remarks>kvm_tdp_mmu_wrprot_slot: CAS under the shared hold; a lost race means that the entry changed, and it is looked at
    /// again.</remarks>
    public bool WriteProtect(TdpRoot root, GfnRange range, MmuHold hold)
    {
        Pacer pacer = BeginWalk(mayYield: true);
        bool flush = false;
        _machine.EnterRcu(_rcu);
        TdpIter<TMachine, TShape> iter = new(_machine, root.Table, Spte.LeafLevel, range);
        while (iter.Valid)
        {
            if (ShouldYield(ref iter, ref pacer))
            {
                Yield(ref iter, ref pacer, hold);
            }
            else if (Spte.IsPresent(iter.OldSpte) && Spte.IsLeaf(iter.OldSpte, iter.Level) && Spte.IsWritable(iter.OldSpte))
            {
                ulong found = _machine.CompareExchange(ref *iter.Sptep, iter.OldSpte & ~Spte.Writable, iter.OldSpte);
                if (found != iter.OldSpte)
                {
                    iter.OldSpte = found;
                    continue;
                }
                flush = true;
            }
            iter.Next();
            pacer.Entries++;
        }
        _machine.ExitRcu(_rcu);
        pacer.EndSection();
        return flush;
    }

    /// <summary>Zaps the present entry if the pass is for it. False: it changed underneath and must be looked at again.</summary>
    private bool ZapEntry(
        TdpRoot root, ref TdpIter<TMachine, TShape> iter, ref Pacer pacer, MmuHold hold, PageLevel zapLevel, IZapHooks? hooks)
    {
        ulong spte = iter.OldSpte;
        if (!Spte.IsPresent(spte))
        {
            if (spte == Spte.Poison) ReportPoison(root, iter.Gfn.Value, iter.Level);
            return true;
        }
        if (iter.Level > zapLevel) return true;

        bool leaf = Spte.IsLeaf(spte, iter.Level);
        if (!leaf) TellOfTaking(root, hooks);
        if (hold.IsExclusive)
        {
            spte = ZapExclusively(ref *iter.Sptep, spte);
        }
        else
        {
            // A frozen entry is another zapper's: it was not present above. What is found on failure is what somebody installed
            // or zapped.
            ulong found = _machine.CompareExchange(ref *iter.Sptep, Spte.NonPresent, spte);
            if (found != spte)
            {
                if (!leaf) TellOfEnd(root, hooks);
                iter.OldSpte = found;
                return false;
            }
        }
        iter.OldSpte = Spte.NonPresent;
        if (leaf)
        {
            _machine.Actor.Counters.LeafsZapped++;
            _index?.Remove(iter.Gfn, ref *iter.Sptep);
            return true;
        }
        long begin = _machine.Timestamp(), own = pacer.ThreadTime();
        HandleRemoved((ulong*)Spte.Address(spte), hold);
        pacer.EndStep(begin);
        pacer.NoteSteps(iter.Level, own, count: 1);
        TellOfEnd(root, hooks);
        return true;
    }

    private void TellOfTaking(TdpRoot root, IZapHooks? hooks)
    {
        hooks?.OnDetach(root);
        Watch?.OnTaking(root);
    }

    private void TellOfEnd(TdpRoot root, IZapHooks? hooks)
    {
        Watch?.OnApart(root);
        hooks?.OnSubtreeDone(root);
    }

    /// <summary>The 4 KiB pass within one table: as many steps of the walk, each with its yield check, without walking.</summary>
    private void ZapLeafTable(TdpRoot root, ref TdpIter<TMachine, TShape> iter, ref Pacer pacer, MmuHold hold, bool mayYield)
    {
        ulong* table = iter.TableAtLevel;
        LeafRun run = new()
        {
            At = iter.Sptep,
            End = table + TableShape<TShape>.Entries,
            IsExclusive = hold.IsExclusive,
            Watched = mayYield && _settings.Yield != YieldPolicy.Off ? _mmuLock : null,
        };
        long begin = pacer.ThreadTime();
        while (!run.IsOver) if (!ZapLeafs(ref run)) ReportPoison(root, iter.Gfn.Value, Spte.LeafLevel);
        int done = (int)(run.At - table), before = (int)(iter.Sptep - table);
        pacer.NoteSteps(Spte.LeafLevel, begin, done - before);
        pacer.Entries += done - 1 - before;
        pacer.Counters.LeafsZapped += run.Zapped;
        iter.SkipTo(done - 1);
    }

    /// <summary>Zaps entry by entry; the run is over at the end, or as soon as somebody waits for the lock. False: the last entry
    /// is that of a freed table. It calls nothing that is not inlined, so that it spills nothing: the locked instruction would
    /// wait for the store.</summary>
    private bool ZapLeafs(ref LeafRun run)
    {
        long zapped = 0;
        ulong* at = run.At;
        bool poisoned = false;
        while (true)
        {
            ulong spte = _machine.LoadRelaxed(ref *at);
            if (Spte.IsPresent(spte))
            {
                // The comparand is the same value, computed: otherwise the JIT spills the original, since cmpxchg takes it in
                // rax.
                if (run.IsExclusive) ZapExclusively(ref *at, spte);
                else if (_machine.CompareExchange(ref *at, Spte.NonPresent, spte | Spte.Present) != spte) continue;
                zapped++;
            }
            else if (spte == Spte.Poison)
            {
                poisoned = true;
            }
            at++;
            if (at == run.End || (run.Watched is not null && _machine.IsContended(run.Watched)))
            {
                run.IsOver = true;
                break;
            }
            if (poisoned) break;
        }
        run.At = at;
        run.Zapped += zapped;
        return !poisoned;
    }

    /// <summary>Progress of the 4 KiB pass within one table.</summary>
    private struct LeafRun
    {
        /// <summary>Entry to be zapped next.</summary>
        public ulong* At;
        public ulong* End;

        /// <summary>Lock whose waiters end the run; null if it may not yield.</summary>
        public MmuLock? Watched;
        public long Zapped;
        public bool IsExclusive;
        public bool IsOver;
    }

    /// <summary>Takes apart a table that is no longer reachable from its root (handle_removed_pt). Under a shared hold a fault
    /// may still be writing into it; each entry is parked as frozen, and an entry already frozen is waited for.</summary>
    private void HandleRemoved(ulong* table, MmuHold hold)
    {
        TablePage* page = _arena.PageOf(table);
        _machine.LoadPlain(ref *TablePage.WordOfState(page));
        if (page->State != TableState.Linked)
        {
            _oracle.Report(Invariants.I16,
                $"a level {page->Level:D} table of gfn 0x{page->Gfn:x} was taken down while {page->State}", page->RootId);
            return;
        }
        page->State = TableState.Detached;
        Actor actor = _machine.Actor;
        actor.Counters.TablesZapped++;
        _machine.Record(MmuEventKind.ZapPage, page->RootId, 0, page->Gfn, page->Level, hold.IsShared);
        if (_settings.PauseNanoseconds.TryGetValue(PausePoint.Detached, out long pause)) _machine.Dally(pause);

        PageLevel level = page->Level;
        long leafs = 0;
        for (int index = 0; index < TableShape<TShape>.Entries; index++)
        {
            ulong old;
            if (hold.IsShared)
            {
                Backoff backoff = default;
                while (Spte.IsFrozen(old = _machine.Exchange(ref table[index], Removed))) _machine.Relax(ref backoff);
                if (!Spte.IsPresent(old)) continue;
            }
            else
            {
                old = _machine.LoadPlain(ref table[index]);
                if (!Spte.IsPresent(old)) continue;
                _machine.Exchange(ref table[index], Removed);
            }
            if (!Spte.IsLeaf(old, level))
            {
                HandleRemoved((ulong*)Spte.Address(old), hold);
                continue;
            }
            leafs++;
            _index?.Remove(new Gfn(page->Gfn) + (ulong)index * TableShape<TShape>.FramesPerEntry(level), ref table[index]);
        }
        actor.Counters.LeafsZapped += leafs;
        if (TShape.Flaw == MmuFlaw.FreesAtOnce) ((IReclaim)this).Reclaim((nint)page, RcuKind.TablePage);
        else _machine.CallRcu(_rcu, (nint)page, RcuKind.TablePage);
    }

    /// <summary>What the entries of a table become that is taken apart.</summary>
    private static ulong Removed => TShape.Flaw == MmuFlaw.DetachesWithoutFreezing ? Spte.NonPresent : Spte.Frozen;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ZapExclusively(ref ulong sptep, ulong spte)
    {
        // The walking processor may set accessed or dirty between the read and the store; exchange so that nothing is lost.
        if (Spte.HasVolatileBits(spte)) return _machine.Exchange(ref sptep, Spte.NonPresent);
        _machine.StoreRelaxed(ref sptep, Spte.NonPresent);
        return spte;
    }

    private Pacer BeginWalk(bool mayYield)
    {
        Watch?.OnWalk();
        return new Pacer(_machine, mayYield && _settings.Yield != YieldPolicy.Off, Sections);
    }

    private bool ShouldYield(ref TdpIter<TMachine, TShape> iter, ref Pacer pacer) =>
        _settings.Yield switch
        {
            YieldPolicy.Off => false,
            YieldPolicy.AfterEntries when pacer.Entries < _settings.YieldEntries => false,
            _ => (iter.MadeProgress || TShape.Flaw == MmuFlaw.YieldsWithoutProgress) && _machine.IsContended(_mmuLock),
        };

    /// <summary>Leaves the read-side section, then the lock; lets others in; comes back in the same mode. The walk restarts at
    /// its goal.</summary>
    private void Yield(ref TdpIter<TMachine, TShape> iter, ref Pacer pacer, MmuHold hold)
    {
        Watch?.OnYield(iter.Goal);
        _machine.ExitRcu(_rcu);
        pacer.EndSection();
        if (hold.IsExclusive) _machine.YieldExclusive(_mmuLock);
        else _machine.YieldShared(_mmuLock);
        pacer.BeginSection();
        pacer.Counters.ZapYields++;
        _machine.EnterRcu(_rcu);
        iter.MarkYielded();
    }

    /// <summary>Progress since the last yield, in entries and in time; and the longest step, which nobody could have cut
    /// short.</summary>
    private struct Pacer
    {
        public int Entries;
        public readonly ActorCounters Counters;
        private readonly TMachine _machine;
        private readonly bool _canYield;
        private readonly ZapSections? _watched;
        private long _since;
        private long _ownSince;

        public Pacer(TMachine machine, bool canYield, ZapSections sections)
        {
            _machine = machine;
            Counters = machine.Actor.Counters;
            _canYield = canYield;
            _watched = sections.AreWatched ? sections : null;
            _since = _machine.Timestamp();
            _ownSince = ThreadTime();
        }

        public void BeginSection()
        {
            Entries = 0;
            _since = _machine.Timestamp();
            _ownSince = ThreadTime();
        }

        /// <summary>For <see cref="NoteSteps"/>; zero if nobody wants to know.</summary>
        public readonly long ThreadTime() => _watched is null ? 0 : _machine.ThreadTime();

        /// <summary>So many steps over entries of that level have been made since.</summary>
        public readonly void NoteSteps(PageLevel level, long since, int count)
        {
            if (_canYield) _watched?.Note(level, (_machine.ThreadTime() - since) / count);
        }

        /// <summary>Between two looks at the lock: one entry and what hung under it.</summary>
        public readonly void EndStep(long begin) =>
            Counters.SectionWithoutYieldNanosecondsMax =
                Math.Max(Counters.SectionWithoutYieldNanosecondsMax, _machine.Timestamp() - begin);

        public readonly void EndSection()
        {
            long held = _machine.Timestamp() - _since;
            Counters.ZapHoldNanosecondsMax = Math.Max(Counters.ZapHoldNanosecondsMax, held);
            if (_canYield) return;
            Counters.SectionWithoutYieldNanosecondsMax = Math.Max(Counters.SectionWithoutYieldNanosecondsMax, held);
            _watched?.Note(PageLevel.None, _machine.ThreadTime() - _ownSince);
        }
    }
}
