using Lab.Mmu;

namespace Lab.Tests.Mmu;

/// <summary>One entry as a walk shows it.</summary>
internal readonly record struct Visit(PageLevel Level, ulong Gfn);

/// <summary>Page tables built by hand, and the plain recursive walk over them that the iterator is held against.</summary>
internal sealed unsafe class TableTree : IDisposable
{
    public const PageLevel RootLevel = PageLevel.Size512G;
    private const int TablesMax = 256;
    private readonly NativeBlock _block = new(TablesMax * 4096);
    private int _used;

    public TableTree() => Root = NewTable();

    public ulong* Root { get; }

    /// <summary>A tree with leafs at levels 1, 2 and 3, spread over several top-level entries; the same for the same
    /// seed.</summary>
    public static TableTree Random(int seed)
    {
        TableTree tree = new();
        Random random = new(seed);
        ulong[] tops = [0, 1, 2, 7, 300, 511];
        for (int leaf = 0; leaf < 60; leaf++)
        {
            ulong gfn = (tops[random.Next(tops.Length)] << 27) + ((ulong)random.Next(4) << 18) + ((ulong)random.Next(3) << 9)
                + (ulong)random.Next(512);
            tree.MapLeaf(gfn,
                random.Next(10) switch { 0 => PageLevel.Size1G, 1 or 2 => PageLevel.Size2M, _ => PageLevel.Size4K });
        }
        return tree;
    }

    public TdpIter<Metal, FourLevels> Iterate(PageLevel minLevel, GfnRange range) => new(default, Root, minLevel, range);

    /// <summary>Maps the frame with a leaf of that level, unless something is mapped there.</summary>
    public void MapLeaf(ulong gfn, PageLevel leafLevel)
    {
        ulong* table = Root;
        for (PageLevel level = RootLevel; ; level--)
        {
            ref ulong spte = ref table[Index(gfn, level)];
            if (level == leafLevel)
            {
                if (spte == 0) spte = Spte.MakeLeaf(new Hva(0x1000), level, mayWrite: true, write: true);
                return;
            }
            if (spte == 0) spte = Spte.MakeNonLeaf((ulong)NewTable());
            if (Spte.IsLeaf(spte, level)) return;
            table = (ulong*)Spte.Address(spte);
        }
    }

    /// <summary>Makes the entry of that level non-present, with all that hangs under it.</summary>
    public void Cut(ulong gfn, PageLevel cutLevel)
    {
        ulong* table = Root;
        for (PageLevel level = RootLevel; level > cutLevel; level--)
        {
            ulong spte = table[Index(gfn, level)];
            if (!Spte.IsPresent(spte) || Spte.IsLeaf(spte, level)) return;
            table = (ulong*)Spte.Address(spte);
        }
        table[Index(gfn, cutLevel)] = Spte.NonPresent;
    }

    /// <summary>Every entry that overlaps the range, parents before children.</summary>
    public List<Visit> PreOrder(PageLevel minLevel, GfnRange range)
    {
        List<Visit> visits = [];
        Collect(Root, RootLevel, 0, minLevel, range, visits, leafsOnly: false);
        return visits;
    }

    public List<Visit> Leafs(PageLevel minLevel)
    {
        List<Visit> visits = [];
        Collect(Root, RootLevel, 0, minLevel, GfnRange.All, visits, leafsOnly: true);
        return visits;
    }

    public void Dispose() => _block.Dispose();

    private static int Index(ulong gfn, PageLevel level) => (int)(gfn >> (9 * ((int)level - 1))) & 511;

    private static void Collect(
        ulong* table, PageLevel level, ulong first, PageLevel minLevel, GfnRange range, List<Visit> visits, bool leafsOnly)
    {
        ulong span = Gfn.FramesPerSpte(level);
        for (int index = 0; index < 512; index++)
        {
            ulong gfn = first + (ulong)index * span;
            if (gfn >= range.End.Value || gfn + span <= range.Start.Value) continue;
            ulong spte = table[index];
            bool present = Spte.IsPresent(spte);
            bool descends = present && level > minLevel && !Spte.IsLeaf(spte, level);
            if (!leafsOnly || (present && !descends)) visits.Add(new Visit(level, gfn));
            if (descends) Collect((ulong*)Spte.Address(spte), level - 1, gfn, minLevel, range, visits, leafsOnly);
        }
    }

    private ulong* NewTable() => (ulong*)(_block.Address + 4096 * _used++);
}
