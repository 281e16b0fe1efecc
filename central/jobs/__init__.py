"""Work that several worker processes share over SQL: leases, jobs, their schedule.

    leases.py    who may project the inbox and who computes which slice of the dirty days
    asking.py    asking for a job, from any program
    queue.py     jobs as rows: take, finish, fail, retry, drop
    kinds.py     THE table of what jobs there are
    runner.py    one thread that does jobs of one lane; context.py is what a job is given
    commands.py  `uchet-central jobs`

No lease trusts a clock for what is written: its end only says when another may take over. What is written is fenced:
the last transaction of a piece of work looks, under a lock, whether its process still is the owner.
"""
