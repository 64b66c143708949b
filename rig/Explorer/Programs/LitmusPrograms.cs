namespace Lab.Explorer.Programs;

/// <summary>Litmus tests: which outcomes a memory model allows, a digit per load in order of the threads.</summary>
internal static class LitmusPrograms
{
    internal static Action<Scene> StoreBuffering(int size) => scene =>
    {
        Word[] words = Words(scene, size);
        ulong[] loaded = new ulong[size];
        for (int thread = 0; thread < size; thread++)
        {
            int own = thread;
            scene.Thread($"t{own}", machine =>
            {
                machine.Store(ref words[own].Value, 1);
                loaded[own] = machine.Load(ref words[(own + 1) % size].Value);
            });
        }
        scene.Outcome(() => string.Concat(loaded));
    };

    internal static Action<Scene> LoadBuffering(int size) => scene =>
    {
        Word[] words = Words(scene, size);
        ulong[] loaded = new ulong[size];
        for (int thread = 0; thread < size; thread++)
        {
            int own = thread;
            scene.Thread($"t{own}", machine =>
            {
                loaded[own] = machine.Load(ref words[own].Value);
                machine.Store(ref words[(own + 1) % size].Value, 1);
            });
        }
        scene.Outcome(() => string.Concat(loaded));
    };

    internal static Action<Scene> MessagePassing(int size) => scene =>
    {
        Word data = scene.Word("data");
        Word flag = scene.Word("flag");
        ulong[] loaded = new ulong[2 * size];
        scene.Thread("writer", machine =>
        {
            machine.Store(ref data.Value, 1);
            machine.Store(ref flag.Value, 1);
        });
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine =>
            {
                loaded[2 * own] = machine.Load(ref flag.Value);
                loaded[2 * own + 1] = machine.Load(ref data.Value);
            });
        }
        scene.Outcome(() => string.Concat(loaded));
    };

    internal static Action<Scene> Iriw(int size) => scene =>
    {
        Word x = scene.Word("x");
        Word y = scene.Word("y");
        ulong[] loaded = new ulong[4 * size];
        scene.Thread("x", machine => machine.Store(ref x.Value, 1));
        scene.Thread("y", machine => machine.Store(ref y.Value, 1));
        for (int reader = 0; reader < 2 * size; reader++)
        {
            int own = reader;
            (Word first, Word second) = own % 2 == 0 ? (x, y) : (y, x);
            scene.Thread($"reader{own}", machine =>
            {
                loaded[2 * own] = machine.Load(ref first.Value);
                loaded[2 * own + 1] = machine.Load(ref second.Value);
            });
        }
        scene.Outcome(() => string.Concat(loaded));
    };

    /// <summary>The outcome is the final x and y.</summary>
    internal static Action<Scene> TwoPlusTwoWrites(int size) => scene =>
    {
        Word x = scene.Word("x");
        Word y = scene.Word("y");
        scene.Thread("t0", machine =>
        {
            machine.Store(ref x.Value, 1);
            machine.Store(ref y.Value, 2);
        });
        scene.Thread("t1", machine =>
        {
            machine.Store(ref y.Value, 1);
            machine.Store(ref x.Value, 2);
        });
        scene.Outcome(() => $"{x.Value}{y.Value}");
    };

    internal static Action<Scene> CoherentReads(int size) => scene =>
    {
        Word x = scene.Word("x");
        ulong[] loaded = new ulong[2 * size];
        scene.Thread("writer", machine => machine.Store(ref x.Value, 1));
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine =>
            {
                loaded[2 * own] = machine.Load(ref x.Value);
                loaded[2 * own + 1] = machine.Load(ref x.Value);
            });
        }
        scene.Outcome(() => string.Concat(loaded));
    };

    private static Word[] Words(Scene scene, int count) =>
        [.. Enumerable.Range(0, count).Select(index => scene.Word($"x{index}"))];
}
