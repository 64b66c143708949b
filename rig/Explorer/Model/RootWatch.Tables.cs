using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>What happens to entries of tables: who freezes and who installs, where walks yield, what hangs in a table that is
/// freed (I3, I5, I9, I18, I19, I20, I30).</summary>
internal sealed unsafe partial class RootWatch
{
    // SAFETY: as in RootWatch.cs: tables are SmallMemory's, which stay mapped.
    private readonly Dictionary<nint, int> _frozenBy = [];
    private readonly Gfn?[] _yieldedAt = new Gfn?[SmallMemory.AgentsMax];

    void ITableWatch.OnTaking(TdpRoot root)
    {
        Note(LocalEffectKind.Taking, (nint)root.AsWord);
        Inside(Index(root), agents.CurrentIndex)++;
    }

    void ITableWatch.OnWalk()
    {
        Note(LocalEffectKind.Walk);
        _yieldedAt[agents.CurrentIndex] = null;
    }

    void ITableWatch.OnYield(Gfn goal)
    {
        Note(LocalEffectKind.Yield, 0, goal.Value);
        ref Gfn? last = ref _yieldedAt[agents.CurrentIndex];
        if (last is { } before && goal.Value <= before.Value)
        {
            string who = agents.Agents[agents.CurrentIndex].Name;
            Report(Invariants.I18, $"{who} yields at gfn {goal} again, where it yielded before");
        }
        last = goal;
    }

    void ITableWatch.OnApart(TdpRoot root)
    {
        Note(LocalEffectKind.Apart, (nint)root.AsWord);
        Inside(Index(root), agents.CurrentIndex)--;
    }

    /// <summary>A table is about to be freed: a fault that came too late to install in it must have found frozen
    /// entries.</summary>
    public void OnFreeing(TablePage* page, ulong* table, int entries)
    {
        for (int index = 0; index < entries; index++)
        {
            if (page->State != TableState.Detached || !Spte.IsPresent(table[index])) continue;
            Report(Invariants.I19, $"{agents.WordName((nint)(table + index))} maps something while its table is freed: it was "
                + "installed after the table had been taken apart");
        }
    }

    private void OnEntry(Agent me, nint word, OperationKind kind, ulong old, ulong value)
    {
        TablePage* page = memory.PageOf(memory.TableOf(word));
        if (page->State == TableState.Free)
        {
            // A guest's walk that comes too late is the vCPU's own to judge: it may be discarded.
            if (kind != OperationKind.Load)
            {
                Report(Invariants.I3, $"{me.Name} writes {agents.WordName(word)} of a freed table: use after free");
            }
            else if (me.Vcpu < 0 && !agents.Holds(me, _vm!.MmuLock, exclusively: false))
            {
                Report(Invariants.I30, $"{me.Name}, which holds no lock, reads {agents.WordName(word)} of a freed table");
            }
            return;
        }
        if (kind == OperationKind.Load) return;
        if (kind is OperationKind.Store or OperationKind.Drain && !Spte.IsPresent(old) && Spte.IsPresent(value))
        {
            Report(Invariants.I20, $"{me.Name} stores {agents.WordName(word)} over an entry that was zapped, which revives it");
        }
        if (Spte.IsFrozen(old) && !Spte.IsFrozen(value) && _frozenBy.TryGetValue(word, out int owner) && owner != me.Index)
        {
            Report(Invariants.I19, $"{me.Name} overwrites {agents.WordName(word)}, which {agents.Agents[owner].Name} froze");
        }
        if (Spte.IsFrozen(value)) Froze(word, me.Index);
        if (!Spte.IsPresent(old) && Spte.IsPresent(value)) OnInstalled(page, word, value);
    }

    /// <summary>An entry became present.</summary>
    private void OnInstalled(TablePage* page, nint word, ulong spte)
    {
        TdpRoot root = memory.Made.Find(made => made.Id == page->RootId);
        GfnRange mapped = memory.RangeOf(word);
        Gfn gfn = mapped.Start;
        if (!root.IsNone && (root.Role & RootRole.Invalid) != 0)
        {
            Report(Invariants.I9, $"gfn {gfn} was mapped in root {SmallMemory.NameOf(root)}, which is invalid");
        }
        if (!Spte.IsLeaf(spte, page->Level)) return;
        foreach (GfnRange range in _taking.SelectMany(one => one.Places))
        {
            if (!range.Overlaps(mapped)) continue;
            string who = agents.Agents[agents.CurrentIndex].Name;
            Report(Invariants.I5,
                $"{who} mapped gfn {gfn} in root {SmallMemory.NameOf(root)} between a notifier's start and its end");
        }
    }
}
