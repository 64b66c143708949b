using Lab.Explorer;
using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Explorer;

/// <summary>The example of docs/EXTENDING.md: two holders put their reference, and exactly one of them frees.</summary>
public sealed class LastPutTests
{
    [Fact]
    public void The_last_putter_frees_and_nobody_else()
    {
        ExploreResult result = Explore.Check(
            scene =>
            {
                Word count = scene.Word("count", initial: 2);
                Word freed = scene.Word("freed");
                foreach (string holder in (string[])["vcpu", "zapper"])
                {
                    scene.Thread(holder, machine =>
                    {
                        if (Put(machine, ref count.Value)) machine.Add(ref freed.Value, 1);
                    });
                }
                scene.Check(() => freed.Value == 1 ? null : $"freed {freed.Value} times");
            },
            new ExploreSettings { Model = MemoryModel.Tso },
            cancellation: TestContext.Current.CancellationToken);

        result.ThrowUnlessNothingFound();
    }

    /// <summary>The code under test: it runs on any machine, the controlled one included. True for who drops the last
    /// reference.</summary>
    private static bool Put<TMachine>(TMachine machine, ref ulong count)
        where TMachine : struct, IMachine => machine.Add(ref count, ulong.MaxValue) == 0;
}
