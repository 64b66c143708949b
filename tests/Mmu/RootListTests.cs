using Lab.Mmu;
using Xunit;

namespace Lab.Tests.Mmu;

public class RootListTests
{
    [Theory]
    [InlineData(false, new ulong[] { 2, 1, 0 })]
    [InlineData(true, new ulong[] { 0, 1, 2 })]
    public void A_walk_meets_roots_in_order_of_insertion_from_the_end_they_are_inserted_at(bool atTail, ulong[] expected)
    {
        using Headers headers = new(3);
        using RootList<Metal> list = new(default, atTail);
        Assert.True(list.IsEmpty);
        for (int index = 0; index < 3; index++) list.Add(headers[index]);
        Assert.Equal(expected, Walk(list));
        Assert.Equal(3, list.CountRoots());
    }

    [Theory]
    [InlineData(0, new ulong[] { 2, 1 })]
    [InlineData(1, new ulong[] { 2, 0 })]
    [InlineData(2, new ulong[] { 1, 0 })]
    public void A_removed_root_is_no_longer_met_nor_contained(int removed, ulong[] expected)
    {
        using Headers headers = new(3);
        using RootList<Metal> list = new(default, insertAtTail: false);
        Assert.False(list.Contains(headers[removed]));
        for (int index = 0; index < 3; index++) list.Add(headers[index]);
        Assert.True(list.Contains(headers[removed]));
        list.Remove(headers[removed]);
        Assert.False(list.Contains(headers[removed]));
        Assert.Equal(expected, Walk(list));
        list.Add(headers[removed]);
        Assert.Equal((ulong)removed, list.First.Id);
        Assert.Equal(3, list.CountRoots());
    }

    [Fact]
    public void A_walker_that_stands_on_a_root_while_it_is_removed_walks_on_to_the_rest()
    {
        using Headers headers = new(4);
        using RootList<Metal> list = new(default, insertAtTail: false);
        for (int index = 0; index < 4; index++) list.Add(headers[index]);
        TdpRoot at = list.After(list.First);
        Assert.Equal(2UL, at.Id);
        list.Remove(at);
        Assert.Equal(1UL, list.After(at).Id);
        list.Remove(headers[3]);
        list.Remove(headers[0]);
        Assert.Equal(1UL, list.After(at).Id);
        Assert.True(list.After(headers[1]).IsNone);
        Assert.Equal([1UL], Walk(list));
    }

    [Fact]
    public void The_last_root_removed_leaves_an_empty_list()
    {
        using Headers headers = new(1);
        using RootList<Metal> list = new(default, insertAtTail: false);
        list.Add(headers[0]);
        list.Remove(headers[0]);
        Assert.True(list.IsEmpty);
        Assert.Equal(0, list.CountRoots());
    }

    [Fact]
    public void Walkers_without_a_lock_always_reach_the_end_and_the_root_that_stays()
    {
        using Headers headers = new(8);
        using RootList<Metal> list = new(default, insertAtTail: false);
        list.Add(headers[0]);
        bool done = false;
        int missed = 0;

        void Change()
        {
            for (int round = 0; round < 50_000; round++)
            {
                TdpRoot root = headers[1 + round % 7];
                list.PagesLock.Enter();
                if (list.Contains(root)) list.Remove(root);
                else list.Add(root);
                list.PagesLock.Exit();
            }
            Volatile.Write(ref done, true);
        }

        void Look()
        {
            // A removed node that is added again at the head sends its walker back there: it starts over and still meets the end.
            while (!Volatile.Read(ref done)) if (!Walk(list).Contains(0UL)) Interlocked.Increment(ref missed);
        }

        ActorThread.RunTogether(Change, Look, Look);
        Assert.Equal(0, missed);
    }

    private static List<ulong> Walk(RootList<Metal> list)
    {
        List<ulong> ids = [];
        for (TdpRoot root = list.First; !root.IsNone; root = list.After(root)) ids.Add(root.Id);
        return ids;
    }
}
