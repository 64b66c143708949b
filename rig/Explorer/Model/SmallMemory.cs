using System.Runtime.CompilerServices;
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
    /// <summary>Roots that one agent can make in an execution.</summary>
    public const int RootsPerAgent = 16;

    /// <summary>Tables that one agent can make in an execution.</summary>
    public const int TablesPerAgent = 48;

    /// <summary>Bytes from one table to the next: an SPTE has room for addresses of whole pages only.</summary>
    public const int TableStride = 4096;

    public const int AgentsMax = 12;

    private const int RootCount = RootsPerAgent * AgentsMax;
    private const int TableCount = TablesPerAgent * AgentsMax + 1;
    private readonly NativeBlock _rootBlock = new(RootCount * RootHeader.Stride);
    private readonly NativeBlock _tableBlock = new((long)TableCount * TableStride);
    private readonly byte* _roots;
    private readonly byte* _tables;
    private readonly int[] _rootsUsed = new int[AgentsMax];
    private readonly int[] _tablesUsed = new int[AgentsMax];
    private readonly TableInfo[] _infos = new TableInfo[TableCount];
    private readonly int _entries;
    private int _lettersGiven;

    /// <param name="entries">Entries of one table.</param>
    public SmallMemory(int entries)
    {
        _entries = entries;
        // SAFETY: both blocks are owned by this object and hold as many headers and tables as the counts say.
        _roots = _rootBlock.Address;
        _tables = _tableBlock.Address;
        Reset();
    }

    /// <summary>Table that the headers of freed roots point to.</summary>
    public ulong* DeadTable => (ulong*)(_tables + (long)(TableCount - 1) * TableStride);

    /// <summary>Tables linked or waiting for their grace period.</summary>
    public int TablesInUse { get; private set; }

    public int TablesInUseMax { get; private set; }

    /// <summary>Roots made in this execution, oldest first.</summary>
    public List<TdpRoot> Made { get; } = [];

    public void Reset()
    {
        Array.Clear(_rootsUsed);
        Array.Clear(_tablesUsed);
        Made.Clear();
        TablesInUse = 0;
        TablesInUseMax = 0;
        _lettersGiven = 0;
        for (int index = 0; index < _entries; index++) DeadTable[index] = Spte.Poison;
    }

    /// <summary>How much the agent has allocated: its next address follows from it.</summary>
    public ulong AllocatedBy(int agent) => ((ulong)_rootsUsed[agent] << 32) | (uint)_tablesUsed[agent];

    /// <summary>A live header with count zero, or null if the agent has made too many.</summary>
    public RootHeader* NewRoot(int agent, ulong* table, RootRole role)
    {
        if (_rootsUsed[agent] == RootsPerAgent) return null;
        RootHeader* header = (RootHeader*)(_roots + (agent * RootsPerAgent + _rootsUsed[agent]++) * RootHeader.Stride);
        *header = default;
        header->Id = (ulong)++_lettersGiven;
        header->Table = table;
        header->Role = role.Word;
        header->State = (ulong)RootState.Live;
        Made.Add(new TdpRoot(header));
        return header;
    }

    public void FreeRoot(RootHeader* header)
    {
        header->Count = RootHeader.PoisonCount;
        header->Table = DeadTable;
        header->State = (ulong)RootState.Dead;
    }

    /// <summary>An empty table, or null if the agent has made too many.</summary>
    public ulong* NewTable(int agent, ulong rootId, PageLevel level, ulong gfn)
    {
        if (_tablesUsed[agent] == TablesPerAgent) return null;
        int number = agent * TablesPerAgent + _tablesUsed[agent]++;
        ulong* table = (ulong*)(_tables + (long)number * TableStride);
        for (int index = 0; index < _entries; index++) table[index] = Spte.NonPresent;
        _infos[number] = new TableInfo { State = TableState.Linked, RootId = rootId, Level = level, Gfn = gfn };
        TablesInUse++;
        TablesInUseMax = Math.Max(TablesInUseMax, TablesInUse);
        return table;
    }

    /// <summary>Takes back the table that the agent made last; it was linked nowhere.</summary>
    public void DropTable(int agent, ulong* table)
    {
        InfoOf(table).State = TableState.Free;
        _tablesUsed[agent]--;
        TablesInUse--;
    }

    public void FreeTable(ulong* table)
    {
        InfoOf(table).State = TableState.Free;
        for (int index = 0; index < _entries; index++) table[index] = Spte.Poison;
        TablesInUse--;
    }

    public ref TableInfo InfoOf(ulong* table) => ref _infos[((byte*)table - _tables) / TableStride];

    /// <summary>What the word belongs to.</summary>
    public WordOwner OwnerOf(nint word)
    {
        byte* at = (byte*)word;
        if (at >= _tables && at < _tables + (long)TableCount * TableStride) return WordOwner.Table;
        return at >= _roots && at < _roots + RootCount * RootHeader.Stride ? WordOwner.Root : WordOwner.Other;
    }

    /// <summary>The root whose header holds the word.</summary>
    public TdpRoot RootOf(nint word) =>
        new((RootHeader*)(_roots + ((byte*)word - _roots) / RootHeader.Stride * RootHeader.Stride));

    /// <summary>The table that holds the word.</summary>
    public ulong* TableOf(nint word) => (ulong*)(_tables + ((byte*)word - _tables) / TableStride * TableStride);

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
        TableInfo info = InfoOf(table);
        string owner = info.RootId is > 0 and <= 26 ? ((char)('A' + (int)info.RootId - 1)).ToString() : $"root{info.RootId}";
        long entry = (ulong*)word - table;
        return info.Level > Spte.LeafLevel ? $"{owner}[{entry}]" : $"{owner}[{info.Gfn / (ulong)_entries}][{entry}]";
    }

    public void Dispose()
    {
        _rootBlock.Dispose();
        _tableBlock.Dispose();
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

    /// <summary>What is known about a table beside its entries.</summary>
    internal struct TableInfo
    {
        public TableState State;
        public ulong RootId;
        public PageLevel Level;
        public ulong Gfn;
    }
}
