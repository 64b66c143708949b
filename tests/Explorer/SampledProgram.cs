using System.Globalization;
using Lab.Explorer;
using Lab.Explorer.Sampling;
using Lab.Explorer.Seam;

namespace Lab.Tests.Explorer;

/// <summary>A scene in memory of its own, and the small programs that several tests run.</summary>
internal sealed class SampledProgram : IDisposable
{
    private readonly WordPool _pool = new();

    public SampledProgram(Action<Scene> declare)
    {
        Scene = new Scene(_pool.Add);
        declare(Scene);
    }

    public Scene Scene { get; }

    public void Dispose() => _pool.Free();

    public ExploreResult Run(ExploreSettings settings, Action<ExploreProgress>? observer = null) =>
        Sampler.Run(Scene, settings, observer, TestContextToken);

    private static CancellationToken TestContextToken => Xunit.TestContext.Current.CancellationToken;

    /// <summary>Picks and outcome of so many executions under a scheduler.</summary>
    public List<(string Picks, string? Outcome)> Executions(Scheduler scheduler, int count, MemoryModel model = MemoryModel.Sc)
    {
        SamplingRun run = new(Scene, new ExploreSettings { Model = model });
        List<(string, string?)> executions = [];
        for (int execution = 0; execution < count; execution++)
        {
            _ = run.Execute(scheduler, true);
            Xunit.Assert.Null(run.Finding);
            executions.Add((string.Concat(run.Picks.ToArray().Select(pick => (char)('a' + pick))), run.Outcome));
        }
        return executions;
    }

    /// <summary>So many threads that each add one to the same word so often.</summary>
    public static SampledProgram Counters(int threads, int adds) => new(scene =>
    {
        Word x = scene.Word("x");
        for (int thread = 0; thread < threads; thread++) scene.Thread($"t{thread}", m =>
        {
            for (int add = 0; add < adds; add++) _ = m.Add(ref x.Value, 1);
        });
        scene.Check(() => x.Value == (ulong)(threads * adds) ? null : $"x is {x.Value}");
    });

    /// <summary>Store buffering: the two loads cannot both be zero under sequential consistency.</summary>
    public static SampledProgram StoreBuffering() => new(scene =>
    {
        Word x = scene.Word("x");
        Word y = scene.Word("y");
        ulong a = 0, b = 0;
        scene.Thread("left", m =>
        {
            m.Store(ref x.Value, 1);
            a = m.Load(ref y.Value);
        });
        scene.Thread("right", m =>
        {
            m.Store(ref y.Value, 1);
            b = m.Load(ref x.Value);
        });
        scene.Outcome(() => string.Create(CultureInfo.InvariantCulture, $"{a}{b}"));
    });

    /// <summary>Two puts that decrement and look afterwards: both can find zero.</summary>
    public static SampledProgram BrokenRefcount() => new(scene =>
    {
        Word count = scene.Word("count", 2);
        bool[] freed = new bool[2];
        for (int putter = 0; putter < 2; putter++)
        {
            int index = putter;
            scene.Thread($"put{putter}", m =>
            {
                _ = m.Add(ref count.Value, ulong.MaxValue);
                freed[index] = m.Load(ref count.Value) == 0;
            });
        }
        scene.Check(() => freed[0] && freed[1] ? "freed twice" : null);
    });

    /// <summary>Three threads; fails only for three ordering constraints: flag up, seen, down, and the end in between.</summary>
    public static SampledProgram DepthThree() => new(scene =>
    {
        Word flag = scene.Word("flag");
        Word other = scene.Word("other");
        bool sawUp = false, sawDown = false;
        scene.Thread("writer", m =>
        {
            m.Store(ref other.Value, 1);
            m.Store(ref flag.Value, 1);
            m.Store(ref other.Value, 2);
            m.Store(ref flag.Value, 0);
            m.Store(ref other.Value, 3);
        });
        scene.Thread("reader", m =>
        {
            sawUp = m.Load(ref flag.Value) == 1;
            sawDown = m.Load(ref flag.Value) == 0;
        });
        scene.Thread("bystander", m =>
        {
            for (int turn = 0; turn < 4; turn++) m.Store(ref other.Value, 9);
        });
        scene.Check(() => sawUp && sawDown ? "up and down again" : null);
    });
}
