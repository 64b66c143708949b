using Lab.Explorer.Seam;

namespace Lab.Explorer.Programs;

/// <summary>Programs whose number of executions is known and grows fast: how quick and how thrifty a search is.</summary>
internal static class ScalingPrograms
{
    internal static Action<Scene> Readers(int size) => scene =>
    {
        Word x = scene.Word("x");
        scene.Thread("writer", machine => machine.Store(ref x.Value, 1));
        char[] seen = new char[size];
        for (int reader = 0; reader < size; reader++)
        {
            int own = reader;
            scene.Thread($"reader{own}", machine => seen[own] = machine.Load(ref x.Value) == 0 ? '0' : '1');
        }
        scene.Outcome(() => new string(seen));
    };

    internal static Action<Scene> Increments(int size) => scene =>
    {
        Word x = scene.Word("x");
        for (int thread = 0; thread < size; thread++) scene.Thread($"t{thread}", machine => machine.Add(ref x.Value, 1));
        scene.Outcome(() => $"x={x.Value}");
        scene.Check(() => x.Value == (ulong)size ? null : $"x is {x.Value} after {size} increments");
    };

    internal static Action<Scene> Increments10(int size) => scene =>
    {
        const int Rounds = 10;
        Word x = scene.Word("x");
        for (int thread = 0; thread < size; thread++)
        {
            scene.Thread($"t{thread}", machine =>
            {
                for (int round = 0; round < Rounds; round++) machine.Add(ref x.Value, 1);
            });
        }
        scene.Outcome(() => $"x={x.Value}");
        scene.Check(() => x.Value == (ulong)(size * Rounds) ? null : $"x is {x.Value} after {size * Rounds} increments");
    };

    internal static Action<Scene> Increments2(int size) => scene =>
    {
        Word x = scene.Word("x");
        Word y = scene.Word("y");
        for (int thread = 0; thread < size; thread++)
        {
            scene.Thread($"t{thread}", machine =>
            {
                machine.Add(ref x.Value, 1);
                machine.Add(ref y.Value, 1);
            });
        }
        scene.Outcome(() => $"x={x.Value} y={y.Value}");
    };

    /// <summary>The competition program fib_bench: the largest value either word can reach is the Fibonacci number of 2N +
    /// 2.</summary>
    internal static Action<Scene> Fib(int size) => scene =>
    {
        Word i = scene.Word("i", 1);
        Word j = scene.Word("j", 1);
        ulong highest = Fibonacci(2 * size + 2);
        scene.Thread("i", machine => Rounds(machine, i, j));
        scene.Thread("j", machine => Rounds(machine, j, i));
        scene.Outcome(() => $"i={i.Value} j={j.Value}");
        scene.Check(() => Math.Max(i.Value, j.Value) <= highest ? null : $"i = {i.Value}, j = {j.Value} exceed {highest}");

        void Rounds(Explored machine, Word to, Word from)
        {
            for (int round = 0; round < size; round++)
            {
                machine.Store(ref to.Value, machine.Load(ref to.Value) + machine.Load(ref from.Value));
            }
        }
    };

    /// <summary>Source: Abdulla et al., "Optimal Dynamic Partial Order Reduction", POPL 2014, figure 4.</summary>
    internal static Action<Scene> LastZero(int size) => scene =>
    {
        Word[] array = [.. Enumerable.Range(0, size + 1).Select(index => scene.Word($"a{index}"))];
        int found = 0;
        scene.Thread("searcher", machine =>
        {
            int index = size;
            while (machine.Load(ref array[index].Value) != 0) index--;
            found = index;
        });
        scene.Outcome(() => $"last zero at {found}");
        for (int thread = 1; thread <= size; thread++)
        {
            int own = thread;
            scene.Thread($"writer{own}",
                machine => machine.Store(ref array[own].Value, machine.Load(ref array[own - 1].Value) + 1));
        }
    };

    /// <summary>After the indexer of Flanagan and Godefroid, "Dynamic Partial-Order Reduction for Model Checking Software", POPL
    /// 2005.</summary>
    internal static Action<Scene> Indexer(int size) => scene =>
    {
        const int Places = 8;
        const int Items = 2;
        Word[] table = [.. Enumerable.Range(0, Places).Select(index => scene.Word($"h{index}"))];
        for (int thread = 0; thread < size; thread++)
        {
            int own = thread;
            scene.Thread($"t{own}", machine =>
            {
                for (int item = 0; item < Items; item++)
                {
                    ulong value = (ulong)(1 + own * Items + item);
                    int place = item * 3 % Places;
                    while (machine.CompareExchange(ref table[place].Value, value, 0) != 0) place = (place + 1) % Places;
                }
            });
        }
        scene.Check(() => table.Count(word => word.Value != 0) == size * Items ? null : "an item is lost");
    };

    private static ulong Fibonacci(int index)
    {
        (ulong a, ulong b) = (0, 1);
        for (int step = 0; step < index; step++) (a, b) = (b, a + b);
        return a;
    }
}
