using Lab.Explorer.Agents;
using Lab.Explorer.Seam;
using Lab.Mmu;

namespace Lab.Explorer.Model;

/// <summary>Page tables small enough that all schedules of a whole fast zap can be explored: the MMU that metal runs, in a shape
/// of few levels and entries.</summary>
internal sealed class ModelShape
{
    private static readonly ModelShape[] Known =
    [
        Of<TwoLevelsOf2>(), Of<TwoLevelsOf4>(), Of<TwoLevelsOf16>(), Of<TwoLevelsOf512>(), Of<ThreeLevelsOf2>(),
        Of<ThreeLevelsOf4>(),
    ];

    private readonly Func<Vm<Explored>, AgentController, SmallMemory, RootWatch, IMmu> _make;
    private readonly int _indexBits;

    private ModelShape(int levels, int indexBits, Func<Vm<Explored>, AgentController, SmallMemory, RootWatch, IMmu> make)
    {
        Levels = levels;
        _indexBits = indexBits;
        _make = make;
    }

    public int Levels { get; }

    /// <summary>Entries of one table.</summary>
    public int Entries => 1 << _indexBits;

    /// <summary>Frames that a root can map.</summary>
    public ulong Frames => 1UL << (_indexBits * Levels);

    /// <summary>The smallest shape of so many levels that maps so many frames.</summary>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static ModelShape For(int levels, ulong frames) =>
        Array.Find(Known, shape => shape.Levels == levels && shape.Frames >= frames)
        ?? throw new ArgumentException($"{frames} frames are more than small tables of {levels} levels have room for.");

    /// <summary>Frames that one entry at the level covers.</summary>
    public ulong FramesPerEntry(int level) => 1UL << (_indexBits * (level - 1));

    public int IndexOf(ulong gfn, int level) => (int)(gfn >> (_indexBits * (level - 1))) & (Entries - 1);

    public IMmu NewMmu(Vm<Explored> vm, AgentController agents, SmallMemory memory, RootWatch watch) =>
        _make(vm, agents, memory, watch);

    internal static ModelShape Of<TShape>()
        where TShape : struct, ITableShape =>
        new(TShape.Levels, TShape.IndexBits, (vm, agents, memory, watch) =>
        {
            RadixMmu<Explored, TShape> mmu = new(
                vm.Machine, vm.Settings, vm.MmuLock, vm.Requests, vm.Oracle, memory.Tables, memory.Roots, ownsMemory: false)
            {
                Watch = watch,
            };
            agents.Reclaimer = mmu;
            return mmu;
        });

    private readonly struct TwoLevelsOf2 : ITableShape
    {
        public static int Levels => 2;

        public static int IndexBits => 1;
    }

    private readonly struct TwoLevelsOf4 : ITableShape
    {
        public static int Levels => 2;

        public static int IndexBits => 2;
    }

    private readonly struct TwoLevelsOf16 : ITableShape
    {
        public static int Levels => 2;

        public static int IndexBits => 4;
    }

    private readonly struct ThreeLevelsOf2 : ITableShape
    {
        public static int Levels => 3;

        public static int IndexBits => 1;
    }

    private readonly struct ThreeLevelsOf4 : ITableShape
    {
        public static int Levels => 3;

        public static int IndexBits => 2;
    }

    private readonly struct TwoLevelsOf512 : ITableShape
    {
        public static int Levels => 2;

        public static int IndexBits => 9;
    }
}
