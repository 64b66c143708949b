using System.Runtime.CompilerServices;
using Lab.Explorer.Agents;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>What a word under control belongs to.</summary>
internal enum WordOwner
{
    Other,
    Root,
    Table,
}

/// <summary>Root headers and tables of one VM under exploration, in native memory whose addresses are the same in every
/// execution. Nothing is used twice within an execution, so that whoever comes too late finds poison.</summary>
/// <remarks>Each agent allocates from a region of its own: which address an allocation gets depends on what its own thread did
/// and on nothing else, so that executions that differ only in the order of independent steps meet the same words.</remarks>
internal sealed unsafe class SmallMemory : IDisposable
{
    // SAFETY: headers and tables are found by the distance from the first; both blocks live as long as this object.
    /// <summary>Roots that one agent can make in an execution.</summary>
    public const int RootsPerAgent = 16;

    /// <summary>Tables that one agent can make in an execution.</summary>
    public const int TablesPerAgent = 48;

    public const int AgentsMax = 12;

    public const int RootCount = RootsPerAgent * AgentsMax;
    public const int TableCount = TablesPerAgent * AgentsMax + 1;
    private readonly NativeBlock _rootBlock = new(RootCount * RootHeader.Stride);
    private readonly byte* _roots;
    private readonly byte* _tables;
    private readonly int[] _rootsUsed = new int[AgentsMax];
    private readonly int[] _tablesUsed = new int[AgentsMax];
    private readonly AgentController _agents;
    private readonly ModelShape _shape;
    private int _lettersGiven;

    public SmallMemory(AgentController agents, ModelShape shape)
    {
        _agents = agents;
        _shape = shape;
        _roots = _rootBlock.Address;
        Tables = new AgentTables(this);
        Roots = new AgentRoots(this);
        _tables = (byte*)Tables.DeadTable;
        Reset();
    }

    public AgentTables Tables { get; }

    public AgentRoots Roots { get; }

    /// <summary>Roots made in this execution, oldest first.</summary>
    public List<TdpRoot> Made { get; } = [];

    /// <summary>Pages of the tables made in this execution, oldest first; one that was taken back and made again twice.</summary>
    public List<nint> TablesMade { get; } = [];

    public int EntriesPerTable => _shape.Entries;

    public void Reset()
    {
        Array.Clear(_rootsUsed);
        Array.Clear(_tablesUsed);
        Made.Clear();
        TablesMade.Clear();
        _lettersGiven = 0;
    }

    /// <summary>How much the agent has allocated: its next address follows from it.</summary>
    public ulong AllocatedBy(int agent) => ((ulong)_rootsUsed[agent] << 32) | (uint)_tablesUsed[agent];

    public TablePage* PageOf(ulong* table) => Tables.PageOf(table);

    public ulong* TableOfPage(TablePage* page) => Tables.TableOf(page);

    /// <summary>Place of the root among all that there can be: the same in each execution.</summary>
    public int NumberOf(TdpRoot root) => (int)(((byte*)root.Header - _roots) / RootHeader.Stride);

    public int NumberOf(TablePage* page) => (int)(((byte*)TableOfPage(page) - _tables) / TableArena.TableBytes);

    /// <summary>A root that an agent's code has made in another execution is made in this one, with the next letter.</summary>
    /// <returns>Where its number stands.</returns>
    public void Recall(TdpRoot root, out ulong id)
    {
        id = (ulong)++_lettersGiven;
        Made.Add(root);
    }

    /// <summary>The roots that were made last are unmade, down to so many.</summary>
    public void Forget(int made)
    {
        _lettersGiven -= Made.Count - made;
        Made.RemoveRange(made, Made.Count - made);
    }

    /// <summary>The entry that maps the frame in the root; null if none does. Behind the machine's back.</summary>
    public ulong* LeafOf(TdpRoot root, ulong gfn)
    {
        ulong* table = root.Table;
        for (int level = _shape.Levels; ; level--)
        {
            ulong* entry = table + _shape.IndexOf(gfn, level);
            if (!Spte.IsPresent(*entry)) return null;
            if (Spte.IsLeaf(*entry, (PageLevel)level)) return entry;
            table = (ulong*)Spte.Address(*entry);
        }
    }

    /// <summary>Frames that the table's entries cover.</summary>
    public GfnRange RangeOf(ulong* table)
    {
        TablePage* page = PageOf(table);
        return GfnRange.Of(page->Gfn, _shape.FramesPerEntry((int)page->Level) * (ulong)_shape.Entries);
    }

    /// <summary>Frames that an entry covers.</summary>
    public GfnRange RangeOf(nint word)
    {
        ulong* table = TableOf(word);
        TablePage* page = PageOf(table);
        ulong frames = _shape.FramesPerEntry((int)page->Level);
        return GfnRange.Of(page->Gfn + (ulong)((ulong*)word - table) * frames, frames);
    }

    /// <summary>What the word belongs to.</summary>
    public WordOwner OwnerOf(nint word)
    {
        byte* at = (byte*)word;
        if (at >= _tables && at < _tables + (long)TableCount * TableArena.TableBytes) return WordOwner.Table;
        return at >= _roots && at < _roots + RootCount * RootHeader.Stride ? WordOwner.Root : WordOwner.Other;
    }

    /// <summary>The root whose header holds the word.</summary>
    public TdpRoot RootOf(nint word) =>
        new((RootHeader*)(_roots + ((byte*)word - _roots) / RootHeader.Stride * RootHeader.Stride));

    /// <summary>The table that holds the word.</summary>
    public ulong* TableOf(nint word) =>
        (ulong*)(_tables + ((byte*)word - _tables) / TableArena.TableBytes * TableArena.TableBytes);

    public static bool IsCount(TdpRoot root, nint word) => (nint)Unsafe.AsPointer(ref root.Count) == word;

    public static bool IsRole(TdpRoot root, nint word) => (nint)Unsafe.AsPointer(ref root.Role) == word;

    /// <summary>Letter of a root, in order of creation.</summary>
    public static string NameOf(TdpRoot root) =>
        root.Id is > 0 and <= 26 ? ((char)('A' + (int)root.Id - 1)).ToString() : $"root{root.Id}";

    /// <summary>The word in the words of a report.</summary>
    public string Describe(nint word)
    {
        if (OwnerOf(word) == WordOwner.Root)
        {
            TdpRoot root = RootOf(word);
            return $"{NameOf(root)}.{FieldOf(word - (nint)root.Header)}";
        }
        ulong* table = TableOf(word);
        TablePage* page = PageOf(table);
        string owner = page->RootId is > 0 and <= 26 ? ((char)('A' + (int)page->RootId - 1)).ToString() : $"root{page->RootId}";
        string indexes = "";
        for (int level = _shape.Levels; level > (int)page->Level; level--) indexes += $"[{_shape.IndexOf(page->Gfn, level)}]";
        return $"{owner}{indexes}[{(ulong*)word - table}]";
    }

    public void Dispose()
    {
        _rootBlock.Dispose();
        Tables.Dispose();
        Roots.Dispose();
    }

    private static string FieldOf(nint offset)
    {
        RootHeader layout = default;
        nint start = (nint)(&layout);
        if (offset == (nint)(&layout.Count) - start) return "count";
        if (offset == (nint)(&layout.Role) - start) return "role";
        if (offset == (nint)(&layout.Flags) - start) return "flags";
        if (offset == (nint)(&layout.Next) - start) return "next";
        if (offset == (nint)(&layout.Previous) - start) return "previous";
        if (offset == (nint)(&layout.OwnNext) - start) return "own-next";
        if (offset == (nint)(&layout.Busy) - start) return "busy";
        return offset == (nint)(&layout.State) - start ? "state" : $"word{offset / sizeof(ulong)}";
    }

    /// <summary>Tables of the agents: each from the region of who makes it, when it is needed and not before.</summary>
    internal sealed class AgentTables(SmallMemory memory) : TableArena(TableCount - 1, memory._shape.Entries)
    {
        internal override TableCache NewCache() => new AgentCache(this);

        internal override ulong* Allocate()
        {
            int agent = memory._agents.CurrentIndex;
            if (memory._tablesUsed[agent] == TablesPerAgent) return null;
            int number = agent * TablesPerAgent + memory._tablesUsed[agent]++;
            TablePage* page = PageOf((ulong*)(memory._tables + (number + 1L) * TableBytes));
            memory.TablesMade.Add((nint)page);
            return Clear(page);
        }

        internal override void Free(TablePage* page)
        {
            bool isRoots = (int)page->Level == memory._shape.Levels;
            if (!isRoots) memory._agents.Watch?.OnFreeing(page, TableOf(page), memory._shape.Entries);
            Poison(page);
            memory._agents.NoteFreed((nint)TableOf(page), memory._shape.Entries * sizeof(ulong));
        }

        /// <summary>Takes back the table that the present agent made last; it was linked nowhere.</summary>
        internal void TakeBack(ulong* table)
        {
            PageOf(table)->State = TableState.Free;
            memory._tablesUsed[memory._agents.CurrentIndex]--;
        }
    }

    /// <summary>Root headers of the agents.</summary>
    internal sealed class AgentRoots(SmallMemory memory) : RootPool
    {
        internal override RootHeader* Allocate(ulong* table, RootRole role)
        {
            int agent = memory._agents.CurrentIndex;
            if (memory._rootsUsed[agent] == RootsPerAgent) return null;
            int number = agent * RootsPerAgent + memory._rootsUsed[agent]++;
            RootHeader* header = (RootHeader*)(memory._roots + number * RootHeader.Stride);
            Make(header, (ulong)++memory._lettersGiven, table, role);
            memory.Made.Add(new TdpRoot(header));
            return header;
        }

        internal override void Free(RootHeader* header, ulong* deadTable)
        {
            Poison(header, deadTable);
            memory._agents.NoteFreed((nint)header, RootHeader.Stride);
        }
    }

    /// <summary>Holds nothing: the table is made when it is taken.</summary>
    private sealed class AgentCache(AgentTables tables) : TableCache(arena: null)
    {
        internal override ulong* Take() => tables.Allocate();

        internal override void Return(ulong* table) => tables.TakeBack(table);
    }
}
